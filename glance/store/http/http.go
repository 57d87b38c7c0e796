package httpstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"goglance/glance/egress"
	"goglance/glance/fault"
	"goglance/glance/store"
)

// Driver reads from web servers. It is safe for concurrent use.
type Driver struct {
	filter *egress.Filter
	client *egress.Client
}

// New returns a driver.
func New(o Options) (*Driver, error) {
	if o.Filter == nil {
		return nil, errors.New("http store: Options.Filter is not set")
	}
	conf, err := o.tls()
	if err != nil {
		return nil, fmt.Errorf("http store: %w", err)
	}
	proxies, err := o.proxies()
	if err != nil {
		return nil, fmt.Errorf("http store: %w", err)
	}
	if conf.InsecureSkipVerify && o.Log != nil {
		o.Log.Warn("https_insecure is on: https servers of image data are not verified, and whoever is between can change it")
	}
	return &Driver{
		filter: o.Filter,
		client: o.Filter.Client(egress.ClientOptions{Use: egress.Location, TLS: conf, Proxies: proxies}),
	}, nil
}

// Schemes returns the schemes of a location in this store.
func (d *Driver) Schemes() []string { return []string{"http", "https"} }

// Judge reports whether a user may name this location (spec security P78). The server is not asked.
func (d *Driver) Judge(ctx context.Context, url string) error {
	return d.filter.Check(ctx, egress.Location, url)
}

// Size returns what the server says of the size, 0 if nothing. Any trouble but a missing object is fault.Invalid, with a
// text that is always the same: it is asked about what users name, and must not tell them how a host of their choice
// fails (spec storage-db 9.2, security S153, S154).
func (d *Driver) Size(ctx context.Context, url string) (int64, error) {
	const op = "http.Size"
	resp, err := d.ask(ctx, op, egress.Request{Method: http.MethodHead, URL: url})
	switch {
	case err == nil:
		return max(resp.ContentLength, 0), resp.Body.Close()
	case fault.Is(err, fault.NotFound), ctx.Err() != nil:
		return 0, err
	}
	return 0, egress.Refuse(op, err)
}

// ask sends a request and sorts out the answers that have no data in them (spec storage-db 9.2).
func (d *Driver) ask(ctx context.Context, op string, r egress.Request) (*http.Response, error) {
	resp, err := d.client.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	ranged := r.Header.Get("Range") != ""
	switch code := resp.StatusCode; {
	case code == http.StatusOK, code == http.StatusNonAuthoritativeInfo:
		return resp, nil
	case ranged && (code == http.StatusPartialContent || code == http.StatusRequestedRangeNotSatisfiable):
		return resp, nil
	case code == http.StatusNotFound:
		err = &fault.Error{Kind: fault.NotFound, Op: op, Msg: "the image data is not where it should be"}
	default:
		err = egress.Refuse(op, fmt.Errorf("the server answers %d", code))
	}
	_ = resp.Body.Close() // nothing of it is wanted
	return nil, err
}

// body is the part of an answer that is meant for the caller. An answer that ends early is an error.
type body struct {
	io.ReadCloser
	left int64
}

// Read reads on, up to the end of the part.
func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if b.left > 0 && errors.Is(err, io.EOF) {
		err = cut()
	}
	return n, err
}

func cut() error {
	return &fault.Error{Kind: fault.Unavailable, Op: "http.Read", Msg: "the server of the data stops early", Err: io.ErrUnexpectedEOF}
}

var (
	_ store.Driver = (*Driver)(nil)
	_ store.Judger = (*Driver)(nil)
)
