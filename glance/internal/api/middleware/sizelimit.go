package middleware

import (
	"errors"
	"io"
	"net/http"

	"goglance/glance/fault"
)

// SizeLimit refuses requests with a longer body: before anything is read where the length is said, else when the limit
// is passed.
func SizeLimit(most int64, refuse Fail) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > most {
				refuse(w, r, tooLong(most))
				return
			}
			if r.ContentLength != 0 {
				r.Body = &limited{ReadCloser: http.MaxBytesReader(w, r.Body, most), most: most}
			}
			next.ServeHTTP(w, r)
		})
	}
}

func tooLong(most int64) error {
	return fault.New(fault.TooLarge, "the body has more than %d bytes", most)
}

// limited is a body whose end may be the limit.
type limited struct {
	io.ReadCloser
	most int64
}

// Read reads from the client. At the limit the error is fault.TooLarge.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		err = tooLong(l.most)
	}
	return n, err
}
