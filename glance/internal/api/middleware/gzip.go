package middleware

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Gzip compresses answers for clients that name gzip in Accept-Encoding, whatever quality they give it (spec operations
// 2.7). Image data is sent as it is: its length and checksum are told before, parts of it are asked for, and it goes from
// file to client without passing through here (spec security S58).
func Gzip(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if !takesGzip(r) {
			next.ServeHTTP(w, r)
			return
		}
		z := &zipper{ResponseWriter: w}
		next.ServeHTTP(z, r)
		z.finish()
	})
}

func takesGzip(r *http.Request) bool {
	return slices.ContainsFunc(listed(r.Header.Values("Accept-Encoding")), func(item string) bool {
		name, _, _ := strings.Cut(item, ";")
		return strings.EqualFold(strings.TrimSpace(name), "gzip")
	})
}

// zipper keeps an answer back until it is whole, or passes it on at once if it is not to be compressed. What it keeps
// are documents, which have been made in memory.
type zipper struct {
	http.ResponseWriter
	code  int  // of the answer that is kept back; 0: none
	plain bool // the answer is passed on
	text  bytes.Buffer
}

// Unwrap is for http.ResponseController.
func (z *zipper) Unwrap() http.ResponseWriter { return z.ResponseWriter }

// WriteHeader notes the status, or sends it. An error that comes while an answer is kept back takes its place.
func (z *zipper) WriteHeader(code int) {
	switch {
	case z.plain || code < http.StatusOK:
		z.ResponseWriter.WriteHeader(code)
	case compressible(code, z.Header()):
		z.code = code
		z.text.Reset()
	default:
		z.plain, z.code = true, 0
		z.ResponseWriter.WriteHeader(code)
	}
}

// compressible reports whether an answer may be another than it was made.
func compressible(code int, h http.Header) bool {
	switch code {
	case http.StatusNoContent, http.StatusNotModified, http.StatusPartialContent:
		return false
	}
	return h.Get("Content-Encoding") == "" && !strings.HasPrefix(h.Get("Content-Type"), "application/octet-stream")
}

func (z *zipper) begin() {
	if !z.plain && z.code == 0 {
		z.WriteHeader(http.StatusOK)
	}
}

// Write sends p, now or later.
func (z *zipper) Write(p []byte) (int, error) {
	if z.begin(); z.plain {
		return z.ResponseWriter.Write(p)
	}
	return z.text.Write(p)
}

// ReadFrom sends what src has. Image data keeps its way through the kernel.
func (z *zipper) ReadFrom(src io.Reader) (int64, error) {
	if z.begin(); z.plain {
		return io.Copy(z.ResponseWriter, src)
	}
	return z.text.ReadFrom(src)
}

// FlushError sends the answer, which is then whole: only what ends an answer flushes it.
func (z *zipper) FlushError() error {
	z.begin()
	z.finish()
	return http.NewResponseController(z.ResponseWriter).Flush()
}

// finish sends the answer that was kept back.
func (z *zipper) finish() {
	if z.code == 0 {
		return
	}
	body := z.text.Bytes()
	if len(body) > 0 {
		var short bytes.Buffer
		packer := gzip.NewWriter(&short)
		_, _ = packer.Write(body) // a buffer takes everything
		_ = packer.Close()
		body = short.Bytes()
		z.Header().Set("Content-Encoding", "gzip")
		z.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	z.ResponseWriter.WriteHeader(z.code)
	_, _ = z.ResponseWriter.Write(body) // on an error the client has gone
	z.plain, z.code = true, 0
}
