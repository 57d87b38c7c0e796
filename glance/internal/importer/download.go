package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"goglance/glance/egress"
	"goglance/glance/fault"
)

// download is data on its way from the server of a URL.
type download struct {
	body   io.ReadCloser
	length int64 // bytes announced; -1: unknown
	n      int64 // bytes that came
}

// open asks for the data. Whatever is wrong until the server says that here it comes, is told in the same words, or the
// answers would be a map of the network (spec security S153).
func (im *Importer) open(ctx context.Context, url string) (*download, error) {
	const op = "importer.open"
	resp, err := im.client.Do(ctx, egress.Request{URL: url})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, unusable(op, err)
	}
	encoding := resp.Header.Get("Content-Encoding")
	if resp.StatusCode == http.StatusOK && (encoding == "" || encoding == "identity") {
		return &download{body: resp.Body, length: resp.ContentLength}, nil
	}
	_ = resp.Body.Close() // nothing of it is wanted
	return nil, unusable(op, fmt.Errorf("the server answers %d, encoding %q", resp.StatusCode, encoding))
}

func unusable(op string, cause error) error {
	return &fault.Error{Kind: fault.Invalid, Op: op, Msg: "import_from: the URL cannot be used, or its server does not send data", Err: cause}
}

// Read reads on. It comes to io.EOF only when all that was announced is there: net/http takes no byte more, which is then
// no part of the answer (RFC 9112 section 6.3), and says when there is one less.
func (d *download) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	d.n += int64(n)
	switch {
	case err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
	case err != io.EOF: //nolint:errorlint // an io.EOF inside another error is no end
		err = broken(err)
	case d.length >= 0 && d.n != d.length:
		err = broken(fmt.Errorf("%d bytes of %d", d.n, d.length))
	}
	return n, err
}

// Close ends the connection.
func (d *download) Close() error { return d.body.Close() }

// broken is the error of data that does not come to its end. Of its cause only the text is kept: were there an io.EOF in it
// somewhere, somebody could take the data for whole.
func broken(cause error) error {
	return &fault.Error{
		Kind: fault.Invalid, Op: "importer.Read", Err: errors.New(cause.Error()),
		Msg: "import_from: the server stopped sending before the end of the data",
	}
}
