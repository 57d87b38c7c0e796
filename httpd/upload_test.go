package main_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// bytesOf returns n bytes that differ from place to place.
func bytesOf(n int64) io.Reader { return io.LimitReader(&counter{}, n) }

type counter struct{ n uint32 }

// Read gives the next bytes.
func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c.n >> 3 * 7)
		c.n++
	}
	return len(p), nil
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
				if encoding == "chunked" && !s.kind.takesChunked() {
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
				if got := s.call("GET", "/v2/images/"+id+"/file", nil); digest(strings.NewReader(got.body)) != want.Checksum {
					t.Errorf("%d bytes %s: %d bytes come back", size, encoding, len(got.body))
				}
				s.call("DELETE", "/v2/images/"+id, nil)
			}
		}
	})
}
