package storetest

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/store"
)

func testSchemes(t *testing.T, s *subject) {
	schemes := s.Driver.Schemes()
	if len(schemes) == 0 {
		t.Error("no schemes")
	}
	for _, scheme := range schemes {
		if scheme == "" || scheme != strings.ToLower(scheme) || strings.Contains(scheme, ":") {
			t.Errorf("scheme %q", scheme)
		}
	}
}

// testRanges takes the contract of Open by its word: n < 0 and n beyond the end both mean to the end, and at the end
// there are 0 bytes.
func testRanges(t *testing.T, s *subject) {
	data := sample(1000, 2)
	url, empty := s.plant(t, data), s.plant(t, nil)
	for _, c := range []struct{ off, n, want int64 }{
		{0, -1, 1000}, {0, 0, 0}, {0, 1, 1}, {0, 1000, 1000}, {0, 1001, 1000}, {0, 1 << 62, 1000},
		{1, -1, 999}, {1, 5, 5}, {500, 500, 500}, {500, 501, 500},
		{999, -1, 1}, {999, 1, 1}, {1000, -1, 0}, {1000, 0, 0}, {1000, 7, 0},
	} {
		body, err := s.Driver.Open(t.Context(), url, c.off, c.n)
		if err != nil {
			t.Errorf("Open(%d, %d): %v", c.off, c.n, err)
			continue
		}
		expectBody(t, body, data[c.off:c.off+c.want], len(data))
	}
	for _, off := range []int64{1001, 1 << 40} {
		body, err := s.Driver.Open(t.Context(), url, off, -1)
		expectKind(t, "Open beyond the end", err, fault.BadRange)
		expectNoBody(t, body, err)
	}
	s.expectData(t, empty, nil)
}

// expectBody reads N bytes, compares and closes.
func expectBody(t *testing.T, body store.Body, want []byte, size int) {
	t.Helper()
	if body.N != int64(len(want)) || body.Size != int64(size) {
		t.Errorf("N %d and Size %d, want %d and %d", body.N, body.Size, len(want), size)
	}
	got, err := io.ReadAll(io.LimitReader(body, body.N))
	if err != nil {
		t.Errorf("Read: %v", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes that are not the %d wanted", len(got), len(want))
	}
	if err := body.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// expectNoBody expects that an Open with an error left nothing to close.
func expectNoBody(t *testing.T, body store.Body, err error) {
	t.Helper()
	if body.ReadCloser != nil {
		t.Errorf("a body beside error %v", err)
		_ = body.Close()
	}
}

func testTwoReaders(t *testing.T, s *subject) {
	data := sample(100, 3)
	url := s.plant(t, data)
	one, err := s.Driver.Open(t.Context(), url, 0, -1)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	two, err := s.Driver.Open(t.Context(), url, 50, 10)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	expectBody(t, two, data[50:60], len(data))
	expectBody(t, one, data, len(data))
}

func testMissing(t *testing.T, s *subject) {
	url := s.absent(t)
	body, err := s.Driver.Open(t.Context(), url, 0, -1)
	expectKind(t, "Open", err, fault.NotFound)
	expectNoBody(t, body, err)
	_, err = s.Driver.Size(t.Context(), url)
	expectKind(t, "Size", err, fault.NotFound)
	if s.w != nil {
		expectKind(t, "Delete", s.w.Delete(t.Context(), url), fault.NotFound)
	}
	if p, ok := s.Driver.(store.Pather); ok {
		_, err := p.Path(t.Context(), url)
		expectKind(t, "Path", err, fault.NotFound)
	}
}

func testForeign(t *testing.T, s *subject) {
	for _, url := range []string{"", "x", "nosuchscheme://host/path", s.Driver.Schemes()[0] + "://"} {
		body, err := s.Driver.Open(t.Context(), url, 0, -1)
		expectKind(t, "Open "+url, err, fault.Invalid)
		expectNoBody(t, body, err)
		_, err = s.Driver.Size(t.Context(), url)
		expectKind(t, "Size "+url, err, fault.Invalid)
		if s.w != nil {
			expectKind(t, "Delete "+url, s.w.Delete(t.Context(), url), fault.Invalid)
		}
	}
}

func testPath(t *testing.T, s *subject) {
	p, ok := s.Driver.(store.Pather)
	if !ok {
		t.Skip("the driver has no Path")
	}
	data := sample(100, 4)
	path, err := p.Path(t.Context(), s.plant(t, data))
	if err != nil {
		t.Fatalf("Path: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the file has %d bytes, %v; want the object's", len(got), err)
	}
}
