package glance_test

import (
	"crypto/md5" // the checksum of the Images API
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"goglance/glance"
)

// bulk is the size of an image in the benchmarks.
const bulk = 256 << 20

// BenchmarkUpload sends images over loopback. "of bare" is its speed as a part of that of a bare loop in the same run:
// read, MD5 beside the write, fsync, on the same file system.
func BenchmarkUpload(b *testing.B) {
	bodies := map[string]func() io.Reader{
		"length":  func() io.Reader { return sized{io.LimitReader(zeros{}, bulk)} },
		"chunked": func() io.Reader { return io.LimitReader(zeros{}, bulk) },
	}
	for name, body := range bodies {
		b.Run(name, func(b *testing.B) {
			c := start(b, unauthenticated, quiet).plain()
			b.SetBytes(bulk)
			var bare, ours time.Duration
			for b.Loop() {
				b.StopTimer()
				id := c.create(formats)
				bare += bareLoop(b, filepath.Join(c.dir, "bare"))
				b.StartTimer()
				begin := time.Now()
				c.transfer(b, http.MethodPut, "/v2/images/"+id+"/file", body())
				ours += time.Since(begin)
				b.StopTimer()
				c.ask("DELETE /v2/images/"+id, "")
				b.StartTimer()
			}
			b.ReportMetric(bare.Seconds()/ours.Seconds(), "of-bare")
		})
	}
}

// BenchmarkDownload reads an image over loopback. "of bare" compares with net/http serving the same file.
func BenchmarkDownload(b *testing.B) {
	c := start(b, unauthenticated, quiet).plain()
	id := c.create(formats)
	c.transfer(b, http.MethodPut, "/v2/images/"+id+"/file", io.LimitReader(zeros{}, bulk))
	files := &http.Server{Handler: http.FileServer(http.Dir(filepath.Join(c.dir, "images"))), ReadHeaderTimeout: time.Minute}
	plain := serveOn(b, files)
	b.SetBytes(bulk)
	var bare, ours time.Duration
	for b.Loop() {
		b.StopTimer()
		begin := time.Now()
		client{&fixture{t: b, url: plain}, nil}.transfer(b, http.MethodGet, "/"+id, nil)
		bare += time.Since(begin)
		b.StartTimer()
		begin = time.Now()
		c.transfer(b, http.MethodGet, "/v2/images/"+id+"/file", nil)
		ours += time.Since(begin)
	}
	b.ReportMetric(bare.Seconds()/ours.Seconds(), "of-bare")
}

// quiet turns the log off, which the tests keep in memory.
func quiet(c *glance.Config) { c.Log = nil }

// sized is a body whose length the client announces.
type sized struct{ io.Reader }

// transfer sends a request and throws the answer away.
func (c client) transfer(b *testing.B, verb, path string, body io.Reader) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), verb, c.url+path, body)
	if err != nil {
		b.Fatal(err)
	}
	if _, ok := body.(sized); ok {
		r.ContentLength = bulk
	}
	r.Header = header(append(c.headers, octets)...)
	transport := &http.Transport{DisableKeepAlives: true, WriteBufferSize: 256 << 10, ReadBufferSize: 256 << 10}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if cerr := resp.Body.Close(); err != nil || cerr != nil || resp.StatusCode >= http.StatusMultipleChoices {
		b.Fatalf("%s %s: %d, %v, %v", verb, path, resp.StatusCode, err, cerr)
	}
}

// bareLoop writes an image as fast as it goes: MD5 beside the write, fsync at the end.
func bareLoop(b *testing.B, path string) time.Duration {
	b.Helper()
	begin := time.Now()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	sum, block, done := md5.New(), make([]byte, 256<<10), make(chan struct{}) // see the import
	for n := 0; n < bulk; n += len(block) {
		clear(block)
		go func() { sum.Write(block); done <- struct{}{} }()
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		<-done
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	took := time.Since(begin)
	if err := os.Remove(path); err != nil {
		b.Fatal(err)
	}
	return took
}

// serveOn runs a server on a free port and returns its URL.
func serveOn(b *testing.B, srv *http.Server) string {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go srv.Serve(ln) //nolint:errcheck // it ends with the benchmark
	b.Cleanup(func() { _ = srv.Close() })
	return "http://" + ln.Addr().String()
}
