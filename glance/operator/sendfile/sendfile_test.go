package sendfile

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair returns both ends of a connection.
func pair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	raw, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	ln := Listener{raw}
	if theirs, err = net.Dial("unix", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if ours, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close(); ln.Close() }) //nolint:errcheck // some of it may be closed
	return ours, theirs
}

// file returns an open file with n bytes.
func file(t *testing.T, n int) (*os.File, []byte) {
	t.Helper()
	text := bytes.Repeat([]byte("0123456789abcde\n"), n/16+1)[:n]
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() }) //nolint:errcheck // only read
	return f, text
}

func readFrom(t *testing.T, c net.Conn, src io.Reader) (int64, error) {
	t.Helper()
	to, ok := c.(io.ReaderFrom)
	if !ok {
		t.Fatal("it has no ReadFrom")
	}
	return to.ReadFrom(src)
}

// TestReadFrom: files, parts of them, and what is no file, are sent as they are; the file then stands behind them.
func TestReadFrom(t *testing.T) {
	t.Parallel()
	const size = 10<<20 + 7
	f, text := file(t, size)
	at := func(off int64) *os.File {
		if _, err := f.Seek(off, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		return f
	}
	for name, c := range map[string]struct {
		src  func() io.Reader
		want []byte
	}{
		"whole":        {func() io.Reader { return io.LimitReader(at(0), size) }, text},
		"part":         {func() io.Reader { return io.LimitReader(at(1000), 5<<20) }, text[1000 : 1000+5<<20]},
		"beyond":       {func() io.Reader { return io.LimitReader(at(size-5), 100) }, text[size-5:]},
		"nothing":      {func() io.Reader { return io.LimitReader(at(0), 0) }, nil},
		"without end":  {func() io.Reader { return at(size - 3) }, text[size-3:]},
		"no file":      {func() io.Reader { return strings.NewReader("text") }, []byte("text")},
		"limited text": {func() io.Reader { return io.LimitReader(strings.NewReader("text"), 2) }, []byte("te")},
	} {
		ours, theirs := pair(t)
		got := make(chan []byte)
		go func() {
			all, _ := io.ReadAll(theirs) // what is missing shows
			got <- all
		}()
		src := c.src()
		n, err := readFrom(t, ours, src)
		if closed := ours.Close(); err != nil || closed != nil || n != int64(len(c.want)) {
			t.Errorf("%s: %d, %v, %v", name, n, err, closed)
		}
		if !bytes.Equal(<-got, c.want) {
			t.Errorf("%s: other bytes arrive", name)
		}
		if part, ok := src.(*io.LimitedReader); ok && name != "beyond" && part.N != 0 {
			t.Errorf("%s: the reader has %d left", name, part.N)
		}
	}
}

// TestDeadline: who takes nothing ends it in time, and what was sent is told; who then goes on gets the rest in its place.
func TestDeadline(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	f, text := file(t, size)
	ours, theirs := pair(t)
	if err := ours.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	n, err := readFrom(t, ours, io.LimitReader(f, size))
	if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n == size {
		t.Fatalf("%d, %v", n, err)
	}
	if err := ours.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = readFrom(t, ours, io.LimitReader(f, size-n)) // what is missing shows
		ours.Close()                                        //nolint:errcheck // as above
	}()
	if got, err := io.ReadAll(theirs); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestGone: who has left is an error.
func TestGone(t *testing.T) {
	t.Parallel()
	f, _ := file(t, 1<<20)
	ours, theirs := pair(t)
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := readFrom(t, ours, io.LimitReader(f, 1<<20)); err == nil {
		t.Errorf("%d bytes are sent to nobody", n)
	}
}
