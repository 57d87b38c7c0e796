package api

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"

	"goglance/glance/fault"
	"goglance/glance/internal/images"
)

// upload is PUT /v2/images/{id}/file (spec images-api 7.1).
func (a *API) upload(w http.ResponseWriter, r *http.Request) error {
	if !isBinary(r.Header.Get("Content-Type")) {
		return fault.New(fault.MediaType, "image data is sent as %s", mediaBinary)
	}
	if err := a.Images.Upload(r.Context(), imageID(r), images.Data{Body: r.Body, Length: r.ContentLength}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// download is GET /v2/images/{id}/file (spec images-api 7.4).
func (a *API) download(w http.ResponseWriter, r *http.Request) error {
	d, err := a.Images.Download(r.Context(), imageID(r))
	if err != nil {
		return err
	}
	size := d.Bytes
	if d.Empty() {
		size = math.MaxInt64 // any part of no data is no data, but a range must be one
	}
	part, err := wanted(r.Header, size)
	if err != nil {
		return err
	}
	if done, err := a.handOver(w, r, d); done || err != nil {
		return err
	}
	body, err := d.Open(r.Context(), part.off, part.n)
	if fault.Is(err, fault.NotFound) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // only read
	sendHeader(w, d, part)
	// Once the header is out, an error means that fail cuts the connection.
	n, err := copyBody(w, body, part.n)
	d.Sent(r.Context(), n, part.n)
	return err
}

func sendHeader(w http.ResponseWriter, d *images.Download, part span) {
	h := w.Header()
	bodyHeader(h, d)
	h.Set("Content-Length", fmt.Sprint(part.n))
	code := http.StatusOK
	if part.partial {
		code = http.StatusPartialContent
		h.Set("Content-Range", part.contentRange(d.Bytes))
	}
	w.WriteHeader(code)
}

// bodyHeader sets the headers that every answer with image data has.
func bodyHeader(h http.Header, d *images.Download) {
	h.Set("Content-Type", mediaBinary)
	h.Set("X-Content-Type-Options", "nosniff")
	if d.Checksum != nil {
		h.Set("Content-Md5", *d.Checksum)
	}
}

// window is how much is sent under one deadline.
const window = 4 << 20

// copyBody sends n bytes of body and returns how many it has sent. A window that runs into its deadline has failed only
// if not a byte of it was taken: the client is slow, not gone.
func copyBody(w io.Writer, body io.Reader, n int64) (sent int64, err error) {
	for sent < n {
		taken, err := io.CopyN(w, body, min(n-sent, window))
		sent += taken
		if err != nil && (taken == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return sent, fault.Wrap(fault.Internal, "api.download", err)
		}
	}
	return sent, nil
}
