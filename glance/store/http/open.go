package httpstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"goglance/glance/egress"
	"goglance/glance/fault"
	"goglance/glance/store"
)

// errUseless says that an answer to a Range is none to the question.
var errUseless = errors.New("the server does not send the part that it was asked for")

// Open asks the server for the part that is wanted. A server that sends everything, or a part of its own choice, is
// read from the beginning, so that the caller gets what he asked for.
func (d *Driver) Open(ctx context.Context, url string, off, n int64) (store.Body, error) {
	r := egress.Request{URL: url}
	if off < 0 {
		return store.Body{}, beyond()
	}
	if n > 0 || n < 0 && off > 0 {
		r.Header = http.Header{"Range": {byteRange(off, n)}}
	}
	b, err := d.open(ctx, r, off, n)
	if errors.Is(err, errUseless) {
		r.Header = nil
		b, err = d.open(ctx, r, off, n)
	}
	return b, err
}

func (d *Driver) open(ctx context.Context, r egress.Request, off, n int64) (store.Body, error) {
	resp, err := d.ask(ctx, "http.Open", r)
	if err != nil {
		return store.Body{}, err
	}
	var b store.Body
	switch resp.StatusCode {
	case http.StatusPartialContent:
		b, err = partial(resp, off, n)
	case http.StatusRequestedRangeNotSatisfiable:
		b, err = outside(resp, off)
	default:
		b, err = whole(resp, off, n)
	}
	if err != nil {
		_ = resp.Body.Close() // nothing more of it is wanted
	}
	return b, err
}

// byteRange returns the Range header (RFC 9110 section 14.2) for n bytes from off, to the end when n < 0.
func byteRange(off, n int64) string {
	if n < 0 || n > math.MaxInt64-off {
		return fmt.Sprintf("bytes=%d-", off)
	}
	return fmt.Sprintf("bytes=%d-%d", off, off+n-1)
}

// whole takes a part out of an answer with everything in it. Without a length it cannot be known what "to the end" is.
func whole(resp *http.Response, off, n int64) (store.Body, error) {
	size := resp.ContentLength
	switch {
	case off > size && size >= 0:
		return store.Body{}, beyond()
	case size >= 0 && (n < 0 || n > size-off):
		n = size - off
	case n < 0:
		return store.Body{}, &fault.Error{Kind: fault.Unavailable, Op: "http.Open", Msg: "the server of the data does not say how much it is"}
	}
	if n > 0 {
		if _, err := io.CopyN(io.Discard, resp.Body, off); errors.Is(err, io.EOF) {
			return store.Body{}, beyond()
		} else if err != nil {
			return store.Body{}, err
		}
	}
	return store.Body{ReadCloser: &body{resp.Body, n}, N: n, Size: max(size, -1)}, nil
}

// partial takes an answer with a part in it, if that is the part that was asked for.
func partial(resp *http.Response, off, n int64) (store.Body, error) {
	first, last, size, ok := contentRange(resp.Header.Get("Content-Range"))
	switch {
	case !ok || first != off || size < 0 && n < 0:
		return store.Body{}, errUseless
	case size >= 0 && (n < 0 || n > size-off):
		n = size - off
	}
	if last-first+1 != n || resp.ContentLength >= 0 && resp.ContentLength != n {
		return store.Body{}, errUseless
	}
	return store.Body{ReadCloser: &body{resp.Body, n}, N: n, Size: size}, nil
}

// outside takes the answer that a part is outside of the data, if it says how much there is.
func outside(resp *http.Response, off int64) (store.Body, error) {
	text, _ := strings.CutPrefix(resp.Header.Get("Content-Range"), "bytes */")
	size, err := number(text)
	switch {
	case err != nil || off < size:
		return store.Body{}, errUseless
	case off > size:
		return store.Body{}, beyond()
	}
	return store.Body{ReadCloser: &body{resp.Body, 0}, N: 0, Size: size}, nil
}

// contentRange reads bytes first-last/size. A size that is not known, *, is -1.
func contentRange(text string) (first, last, size int64, ok bool) {
	spec, found := strings.CutPrefix(text, "bytes ")
	span, total, foundTotal := strings.Cut(spec, "/")
	from, to, foundSpan := strings.Cut(span, "-")
	first, err1 := number(from)
	last, err2 := number(to)
	size, err3 := int64(-1), error(nil)
	if total != "*" {
		size, err3 = number(total)
	}
	ok = found && foundTotal && foundSpan && err1 == nil && err2 == nil && err3 == nil
	return first, last, size, ok && first <= last && (size < 0 || last < size)
}

// number reads digits and nothing else.
func number(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	return int64(n), err //nolint:gosec // 63 bits
}

func beyond() error { return fault.New(fault.BadRange, "the range is outside of the image data") }
