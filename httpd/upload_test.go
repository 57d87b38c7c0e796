package main_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// bytesOf returns n bytes that differ from place to place.
func bytesOf(n int64) io.Reader { return io.LimitReader(&again{block()[:], 0}, n) }

// block returns bytes whose number fits no buffer.
func block() *[1<<16 + 7]byte {
	var b [1<<16 + 7]byte
	for i := range b {
		b[i] = byte(i >> 3 * 7)
	}
	return &b
}

// again reads a block again and again: it costs a client nothing.
type again struct {
	block []byte
	at    int
}

// Read gives more of it.
func (a *again) Read(p []byte) (n int, err error) {
	for n < len(p) {
		m := copy(p[n:], a.block[a.at:])
		a.at = (a.at + m) % len(a.block)
		n += m
	}
	return n, nil
}

func digest(r io.Reader) string {
	h := md5.New()
	_, _ = io.Copy(h, r) // a reader of ours
	return hex.EncodeToString(h.Sum(nil))
}

// TestUploads: images of all sizes, with and without a length.
func TestUploads(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		for _, size := range []int64{0, 1, 65536, 200 << 20} {
			for _, encoding := range []string{"length", "chunked"} {
				id := s.create()
				body, headers := io.Reader(struct{ io.Reader }{bytesOf(size)}), []string(nil)
				if encoding == "length" && size > 0 {
					headers = []string{"Content-Length", fmt.Sprint(size)}
				} else if encoding == "length" {
					body = http.NoBody
				}
				got := s.call("PUT", "/v2/images/"+id+"/file", body, headers...)
				if encoding == "chunked" && !s.takesChunked() {
					if got.code != http.StatusLengthRequired {
						t.Errorf("%d bytes %s: %d %s", size, encoding, got.code, got.body)
					}
					s.expectUntouched(id)
					continue
				}
				if got.code != http.StatusNoContent {
					t.Errorf("%d bytes %s: %d %s", size, encoding, got.code, got.body)
					continue
				}
				want := image{"active", size, digest(bytesOf(size))}
				if img := s.show(id); img != want {
					t.Errorf("%d bytes %s: %+v", size, encoding, img)
				}
				if sum, err := s.sum("/v2/images/" + id + "/file"); err != nil || sum != want.Checksum {
					t.Errorf("%d bytes %s: others come back: %v", size, encoding, err)
				}
				s.call("DELETE", "/v2/images/"+id, nil)
			}
		}
	})
}

// sum downloads and returns the checksum.
func (s *site) sum(path string) (string, error) {
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := s.client().Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	h := md5.New()
	_, err = io.CopyBuffer(h, resp.Body, make([]byte, 1<<20))
	return hex.EncodeToString(h.Sum(nil)), err
}
