package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// linked is a driver with Link, and a folder of files beside its medium.
type linked struct {
	*subject
	store.Linker
	dir string
}

func linker(t *testing.T, s *subject) linked {
	t.Helper()
	l, ok := s.Driver.(store.Linker)
	if !ok {
		t.Skip("the driver has no Link")
	}
	return linked{s, l, t.TempDir()}
}

// file makes a file with data.
func (l linked) file(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(l.dir, object(0).ID)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// link takes a file over and reports whether the medium can do that at all.
func (l linked) link(t *testing.T, o store.Object, path string) (store.Stored, bool) {
	t.Helper()
	before := l.left()
	stored, err := l.Link(t.Context(), o, path)
	if errors.Is(err, store.ErrNoLink) {
		l.expectLeft(t, before)
		return stored, false
	}
	if err != nil {
		t.Fatalf("Link: %v", err)
	}
	return stored, true
}

// testLink takes files over and removes their own names, as who imports does.
func testLink(t *testing.T, s *subject) {
	l := linker(t, s)
	before := l.left()
	for _, n := range []int{0, 1, s.Block + 1} {
		data, o := sample(n, 22), object(n)
		path := l.file(t, data)
		stored, able := l.link(t, o, path)
		if !able {
			stored = s.put(t, o, plain(data)) // nothing is in the way of a copy
		}
		if stored.Size != int64(n) {
			t.Errorf("Stored.Size is %d, want %d", stored.Size, n)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != string(data) {
			t.Errorf("the file has %d bytes of %d, %v", len(text), n, err)
		}
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
		s.expectData(t, stored.URL, data)
		if err := s.w.Delete(t.Context(), stored.URL); err != nil {
			t.Errorf("Delete: %v", err)
		}
		s.expectLeft(t, before)
	}
}

// testLinkRefused has files that cannot become objects. Nothing is left of the attempts.
func testLinkRefused(t *testing.T, s *subject) {
	l := linker(t, s)
	data := sample(100, 23)
	taken := object(len(data))
	s.put(t, taken, plain(data))
	before := l.left()
	_, err := l.Link(t.Context(), again(taken), l.file(t, sample(5, 24)))
	expectKind(t, "Link over an object", err, fault.Conflict)
	_, err = l.Link(t.Context(), object(1), filepath.Join(l.dir, "missing"))
	expectKind(t, "Link of nothing", err, fault.NotFound)
	double := l.file(t, data)
	if err := os.Link(double, double+".other"); err != nil {
		t.Skipf("missing: hard links: %v", err)
	}
	if _, err := l.Link(t.Context(), object(len(data)), double); !errors.Is(err, store.ErrNoLink) {
		t.Errorf("Link of a file with two names: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Link(ctx, object(len(data)), l.file(t, data)); !errors.Is(err, context.Canceled) {
		t.Errorf("Link without time: %v", err)
	}
	s.expectLeft(t, before)
}

// testLinkAborted removes an object that was taken over and never recorded. The file stays.
func testLinkAborted(t *testing.T, s *subject) {
	l := linker(t, s)
	a := aborter(t, s)
	before := l.left()
	o, path := object(10), l.file(t, sample(10, 25))
	l.link(t, o, path)
	if err := a.Abort(t.Context(), o); err != nil {
		t.Errorf("Abort: %v", err)
	}
	s.expectLeft(t, before)
	if text, err := os.ReadFile(path); err != nil || string(text) != string(sample(10, 25)) {
		t.Errorf("the file has %d bytes, %v", len(text), err)
	}
}
