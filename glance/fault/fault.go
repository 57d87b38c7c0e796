// Package fault is the one error type of the service. A function returns error; whoever must decide what an
// error means (the HTTP layer, a retry) asks KindOf. The package knows no HTTP: the table from Kind to status
// code is in glance/internal/api.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what went wrong in terms a caller can act on.
type Kind uint8

// The kinds. Internal is the zero value, so an error that nobody classified is never blamed on the client.
const (
	Internal        Kind = iota // a defect or a failure of ours
	Invalid                     // the request makes no sense as it stands
	Unauthenticated             // no confirmed identity
	Forbidden                   // identity known, action refused
	NotFound                    // no such thing, or not for this caller
	Conflict                    // the state of the thing does not allow it
	Gone                        // it was there when the request began
	TooLarge                    // a quota, a size cap or a full store
	MediaType                   // the body's media type is not served here
	BadRange                    // a byte range outside the data
	HeaderTooLarge              // one header field is longer than allowed
	Timeout                     // the client stopped sending
	Unavailable                 // a part we depend on does not answer; later may do
)

// String returns the kind in words, for logs.
func (k Kind) String() string {
	names := [...]string{
		"internal error", "invalid", "unauthenticated", "forbidden", "not found", "conflict", "gone", "too large",
		"unsupported media type", "bad range", "header too large", "timeout", "unavailable",
	}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Error is an error of a kind. Msg is fit for the client: no path of the host, no address, no credential.
// Op and Err are for the log only.
type Error struct {
	Kind Kind
	Op   string // the operation, as package.function; may be empty
	Msg  string // for the client; may be empty, then the kind speaks
	Err  error  // the cause; may be nil
}

// Error returns operation, message and cause: the text for the log.
func (e *Error) Error() string {
	text := e.Msg
	if text == "" {
		text = e.Kind.String()
	}
	if e.Op != "" {
		text = e.Op + ": " + text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of a kind with a formatted message fit for the client.
func New(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...)}
}

// Wrap gives err a kind and the name of the operation that failed. Wrap of nil is nil.
func Wrap(k Kind, op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: k, Op: op, Err: err}
}

// KindOf returns the kind of the outermost Error in err's chain, Internal if there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of the kind. A nil error is of no kind.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Message returns the outermost message meant for the client, or "" when there is none. The text of an Internal
// error is never for the client.
func Message(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) || e.Kind == Internal {
			return ""
		}
		if e.Msg != "" {
			return e.Msg
		}
		err = e.Err
	}
	return ""
}
