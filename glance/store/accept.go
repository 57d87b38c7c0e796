package store

import (
	"context"
	"errors"
	"slices"
	"strings"

	"goglance/glance/fault"
)

// msgRefused is what a user is told whatever is wrong with his location: the answer must not tell what is to be found
// where (spec security S153).
const msgRefused = "the location cannot be used"

// Accept reports whether a user may name a location: nil, or fault.Invalid with the reason as its cause. A scheme that
// a store serves is not enough. With file and filesystem he would read and delete the files of this machine, with
// swift+config use the credentials of the operator (spec storage-db 10.1, security P31-P33). The store of the location
// has its say as well, if it is a Judger. That something is there is another question: ask Size.
func (s *Set) Accept(ctx context.Context, url string, metadata map[string]any) error {
	if !plain(url) {
		return refused("it has control characters, or blanks around it")
	}
	scheme := schemeOf(url)
	switch scheme {
	case "file", "filesystem", "swift+config":
		return refused("the scheme " + scheme + " is not for users")
	}
	if _, ok := s.byScheme[scheme]; !ok {
		return refused("no store serves its scheme")
	}
	driver, err := s.For(url, metadata)
	if err != nil {
		return err
	}
	if !slices.Contains(driver.Schemes(), scheme) {
		return refused("the store in its metadata does not serve its scheme")
	}
	if j, ok := driver.(Judger); ok {
		return j.Judge(ctx, url)
	}
	return nil
}

func refused(why string) error {
	return &fault.Error{Kind: fault.Invalid, Op: "store.Accept", Msg: msgRefused, Err: errors.New(why)}
}

// plain reports whether a URL is without what one reader of it may skip and another not: control characters, and
// blanks around it.
func plain(url string) bool {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	return strings.TrimSpace(url) == url && !strings.ContainsFunc(url, control)
}

// schemeOf returns the scheme of a URL in lower case. What stands before the first colon is it, whatever it looks
// like: a scheme in any other spelling is served by no store.
func schemeOf(url string) string {
	scheme, _, _ := strings.Cut(url, ":")
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' { // no other letter is one that RFC 3986 section 3.1 folds
			r += 'a' - 'A'
		}
		return r
	}, scheme)
}
