package store_test

import (
	"context"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// judging is a driver with an opinion.
type judging struct {
	fake
	err   error
	asked []string
}

func (j *judging) Judge(_ context.Context, url string) error {
	j.asked = append(j.asked, url)
	return j.err
}

func acceptor(t *testing.T) (*store.Set, *judging) {
	t.Helper()
	web := &judging{fake: fake{[]string{"http", "https"}}}
	set, err := store.NewSet("disk",
		store.Named{Name: "disk", Driver: &fake{[]string{"file", "filesystem"}}},
		store.Named{Name: "objects", Driver: &fake{[]string{"swift", "swift+http", "swift+config"}}},
		store.Named{Name: "web", Driver: web})
	if err != nil {
		t.Fatal(err)
	}
	return set, web
}

func expectRefused(t *testing.T, set *store.Set, url string, metadata map[string]any) {
	t.Helper()
	err := set.Accept(t.Context(), url, metadata)
	if !fault.Is(err, fault.Invalid) || fault.Message(err) != "the location cannot be used" {
		t.Errorf("%q %v: %v (%v)", url, metadata, err, fault.KindOf(err))
	}
}

// P31, P32: no spelling of the file store's schemes is for users.
func TestSecFileSchemeSpellings(t *testing.T) {
	t.Parallel()
	set, web := acceptor(t)
	for _, url := range []string{
		"file:///etc/passwd", "filesystem:///etc/passwd", "FILE:///x", "FileSystem:///x", "file:/x", "file:x", "file:", "file",
		"%66ile:///x", "fil%65:///x", " file:///x", "\tfile:///x", "\x00file:///x", "file:///x#", "file:///x?", "f\tile:///x",
		"f\nile:///x", "fi\rle:///x", "file\t:///x", "file ://x", "//file:///x", "/x", "x", "", ":", "://x", "fİle:///x", "ﬁle:///x",
		"file\u200b:///x", "url:file:///x", "http\tfile:///x", "http:///x\n", " http://h/x", "http://h/x ", "http://h/\x7f", "http://h/\u0085",
		"htt\u00adp://h/x", "rbd://pool/x",
	} {
		expectRefused(t, set, url, nil)
		expectRefused(t, set, url, map[string]any{"store": "web"})
	}
	if web.asked != nil {
		t.Errorf("the store was asked about %q", web.asked)
	}
}

// P33: the operator's Swift credentials are not for users.
func TestSecSwiftConfigLocationRefused(t *testing.T) {
	t.Parallel()
	set, _ := acceptor(t)
	for _, url := range []string{"swift+config://ref/c/o", "SWIFT+config://ref/c/o", "swift%2bconfig://r/c/o", "swift+config:ref", "swift+config\n://r"} {
		expectRefused(t, set, url, nil)
	}
	if err := set.Accept(t.Context(), "swift+http://h/c/o", nil); err != nil {
		t.Errorf("swift: %v", err)
	}
}

func TestAcceptAsksTheStore(t *testing.T) {
	t.Parallel()
	set, web := acceptor(t)
	for _, url := range []string{"http://h/x", "HTTPS://h/x"} {
		for _, metadata := range []map[string]any{nil, {"store": "web"}, {"store": "unknown"}} {
			if err := set.Accept(t.Context(), url, metadata); err != nil {
				t.Errorf("%s %v: %v", url, metadata, err)
			}
		}
	}
	if len(web.asked) != 6 {
		t.Errorf("the store was asked about %q", web.asked)
	}
	expectRefused(t, set, "http://h/x", map[string]any{"store": "disk"})
	expectRefused(t, set, "swift://h/x", map[string]any{"store": "web"})
	web.err = fault.New(fault.Invalid, "the location cannot be used")
	expectRefused(t, set, "http://h/x", nil)
}
