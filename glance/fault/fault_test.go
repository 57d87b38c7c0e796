package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := Internal; k <= Unavailable; k++ {
		if k.String() == "" || seen[k.String()] {
			t.Errorf("kind %d is %q", k, k)
		}
		seen[k.String()] = true
	}
	if got := (Unavailable + 1).String(); got != "kind 13" {
		t.Errorf("an unknown kind is %q", got)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	rows := []struct {
		err  error
		want Kind
	}{
		{nil, Internal}, {io.EOF, Internal}, {New(NotFound, "x"), NotFound}, {fmt.Errorf("more: %w", New(Gone, "x")), Gone},
		{Wrap(Conflict, "op", New(NotFound, "x")), Conflict}, {errors.Join(io.EOF, New(Timeout, "x")), Timeout},
	}
	for _, row := range rows {
		if got := KindOf(row.err); got != row.want {
			t.Errorf("%v: %v, want %v", row.err, got, row.want)
		}
		if Is(row.err, row.want) != (row.err != nil) || Is(row.err, Unauthenticated) {
			t.Errorf("%v: Is does not agree with KindOf", row.err)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	if Wrap(Invalid, "op", nil) != nil {
		t.Error("nil was wrapped")
	}
	err := Wrap(Unavailable, "db.Tx", io.ErrUnexpectedEOF)
	if !errors.Is(err, io.ErrUnexpectedEOF) || err.Error() != "db.Tx: unavailable: unexpected EOF" {
		t.Errorf("%v", err)
	}
	if got := New(Invalid, "%d of %q", 1, "x").Error(); got != `1 of "x"` {
		t.Error(got)
	}
	if got := (&Error{Kind: Gone}).Error(); got != "gone" {
		t.Error(got)
	}
}

// Only what was meant for the client gets there.
func TestMessage(t *testing.T) {
	t.Parallel()
	secret := errors.New("secret")
	rows := []struct {
		err  error
		want string
	}{
		{nil, ""}, {secret, ""}, {New(Invalid, "bad"), "bad"}, {New(Internal, "bad"), ""},
		{Wrap(NotFound, "op", secret), ""},
		{Wrap(NotFound, "op", New(Invalid, "inner")), "inner"},
		{&Error{Kind: Forbidden, Msg: "outer", Err: New(Invalid, "inner")}, "outer"},
		{Wrap(Internal, "op", New(Invalid, "inner")), ""}, {Wrap(Invalid, "op", New(Internal, "inner")), ""},
		{fmt.Errorf("secret: %w", New(Gone, "was here")), "was here"},
		{Wrap(Invalid, "op", fmt.Errorf("secret: %w", New(Gone, "was here"))), "was here"}, {&Error{Kind: Invalid}, ""},
	}
	for _, row := range rows {
		if got := Message(row.err); got != row.want {
			t.Errorf("%v: %q, want %q", row.err, got, row.want)
		}
	}
}
