package api

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"goglance/glance/fault"
)

// slow is a client that takes a few bytes before every deadline, and none any more after some time.
type slow struct {
	strings.Builder
	step, patience int
}

func (s *slow) Write(p []byte) (int, error) {
	if s.patience--; s.patience < 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n, _ := s.Builder.Write(p[:min(s.step, len(p))])
	if n < len(p) {
		return n, os.ErrDeadlineExceeded
	}
	return n, nil
}

// drip gives at most a byte at a time: how much is read must not decide how much is sent.
type drip struct{ text *strings.Reader }

func (d drip) Read(p []byte) (int, error) { return d.text.Read(p[:min(1, len(p))]) }

func TestCopyBody(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2*window+7)
	for _, text := range []string{"", "x", long[:window], long} {
		var out strings.Builder
		if _, err := copyBody(&out, strings.NewReader(text+"more"), int64(len(text))); err != nil || out.String() != text {
			t.Errorf("%d bytes: %d, %v", len(text), out.Len(), err)
		}
	}
}

// A slow client is served, one that has stopped is not, and a source that ends early is an error.
func TestCopyBodyEnds(t *testing.T) {
	t.Parallel()
	const text = "0123456789"
	rows := []struct {
		out  *slow
		n    int64
		want string
		err  error
	}{
		{&slow{step: 1, patience: 100}, 10, text, nil},
		{&slow{step: 3, patience: 100}, 7, text[:7], nil},
		{&slow{step: 1, patience: 4}, 10, text[:4], os.ErrDeadlineExceeded},
		{&slow{step: 1, patience: 0}, 1, "", os.ErrDeadlineExceeded},
		{&slow{step: 99, patience: 100}, 11, text, io.EOF},
	}
	for i, row := range rows {
		_, err := copyBody(struct{ io.Writer }{row.out}, drip{strings.NewReader(text)}, row.n)
		if row.out.String() != row.want || !errors.Is(err, row.err) || err != nil && !fault.Is(err, fault.Internal) {
			t.Errorf("row %d: %q %v", i, row.out.String(), err)
		}
	}
}
