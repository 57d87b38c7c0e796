package main_test

import (
	"crypto/md5" // the checksum of the Images API
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// source makes a file in memory that uploads are sent from: reading it costs no disk and, by sendfile, no copy.
func (b *bench) source() string {
	b.Helper()
	if b.from != "" {
		return b.from
	}
	path := filepath.Join(b.at(memory), "source")
	text := make([]byte, 16<<20)
	for i := range text {
		text[i] = byte(rand.Uint32())
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.Fatal(err)
	}
	b.from = path
	return path
}

// upload compares an upload over loopback with a loop of this process: on a disk a read from memory, MD5 beside the
// write and fsync, on the same file system; in memory, MD5 alone.
func (b *bench) upload(where folder, how encoding) reading {
	dir := b.at(where)
	d := b.serve(dir)
	bare := func() time.Duration { return b.bareLoops(dir, b.scale.upload, 1, fromMemory) }
	if where == memory {
		bare = b.bareSum
	}
	ours := func() time.Duration { return b.put(d, how, b.scale.upload, 1) }
	ours() // a first one, that warms up
	t := byTurns(b.rounds, bare, ours)
	return reading{t[0].Seconds() / t[1].Seconds(), fmt.Sprintf("%s, bare %s", speed(b.scale.upload, t[1]), speed(b.scale.upload, t[0]))}
}

// uploads compares n uploads at once with as many bare loops at once that are fed over loopback, and notes what each of
// the two gains over one of its kind. One is asked to gain 1.7, but that is a question to the machine: an upload that
// keeps up with MD5 has one processor for that, and its client, the socket and the file take most of another. Where
// there are only two, nothing is left for more uploads.
func (b *bench) uploads(where folder, n int) reading {
	dir := b.at(where)
	d := b.serve(dir)
	bare := func(n int) func() time.Duration {
		return func() time.Duration { return b.bareLoops(dir, b.parallel, n, b.fed) }
	}
	ours := func(n int) func() time.Duration {
		return func() time.Duration { return b.put(d, sized, b.parallel, n) }
	}
	t := byTurns(b.rounds, bare(1), bare(n), ours(1), ours(n))
	gain := func(one, all time.Duration) float64 { return float64(n) * one.Seconds() / all.Seconds() }
	return reading{t[1].Seconds() / t[3].Seconds(), fmt.Sprintf("%s, %.2f of one; bare %s, %.2f of one (1.7 asked for)",
		speed(int64(n)*b.parallel, t[3]), gain(t[2], t[3]), speed(int64(n)*b.parallel, t[1]), gain(t[0], t[1]))}
}

func speed(n int64, took time.Duration) string {
	return fmt.Sprintf("%.0f MiB/s", float64(n)/(1<<20)/took.Seconds())
}

// put uploads n images of that size at once, and returns the time that this took. They are deleted again.
func (b *bench) put(d *daemon, how encoding, size int64, n int) time.Duration {
	b.Helper()
	source := b.source()
	wires, ids := make([]*wire, n), make([]string, n)
	for i := range wires {
		wires[i] = dial(b, d.url, own)
		ids[i] = wires[i].create(uuid.NewString())
	}
	var clients sync.WaitGroup
	begin := time.Now()
	for i, w := range wires {
		clients.Go(func() { w.send(ids[i], size, how, source) })
	}
	clients.Wait()
	took := time.Since(begin)
	for i, w := range wires {
		w.ask(w.head(http.MethodDelete, "/v2/images/"+ids[i]), http.StatusNoContent)
		w.Close() //nolint:errcheck // nothing more is wanted of it
	}
	if b.Failed() {
		b.FailNow()
	}
	return took
}

// fromMemory is a body that costs a copy.
func fromMemory(size int64) (io.ReadCloser, error) {
	return io.NopCloser(io.LimitReader(zeros{}, size)), nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// fed is a body that a client sends over loopback as those of the uploads do.
func (b *bench) fed(size int64) (io.ReadCloser, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close() //nolint:errcheck // one connection is enough
	w := dial(b, "http://"+l.Addr().String(), own)
	f, err := os.Open(b.source())
	if err != nil {
		return nil, err
	}
	go func() {
		defer f.Close() //nolint:errcheck // only read
		if err := w.piece(f, size); err != nil {
			b.Error(err)
		}
	}()
	return l.Accept()
}

// bareLoops writes n images at once, each as fast as it goes, and returns the time that this took.
func (b *bench) bareLoops(dir string, size int64, n int, body func(int64) (io.ReadCloser, error)) time.Duration {
	b.Helper()
	var loops errgroup.Group
	begin := time.Now()
	for i := range n {
		loops.Go(func() error {
			from, err := body(size)
			if err != nil {
				return err
			}
			defer from.Close() //nolint:errcheck // it has been read
			return bareLoop(filepath.Join(dir, "bare"+strconv.Itoa(i)), from, size)
		})
	}
	err := loops.Wait()
	took := time.Since(begin)
	for i := range n {
		err = errors.Join(err, os.Remove(filepath.Join(dir, "bare"+strconv.Itoa(i))))
	}
	if err != nil {
		b.Fatal(err)
	}
	return took
}

// bareLoop reads, computes MD5 beside the write, and syncs.
func bareLoop(path string, from io.Reader, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()                                //nolint:errcheck // the second time on the good way
	block, sum := make([]byte, 256<<10), md5.New() // see the import
	for left := size; left > 0; left -= int64(len(block)) {
		if _, err := io.ReadFull(from, block); err != nil {
			return err
		}
		done := make(chan struct{})
		go func() { sum.Write(block); close(done) }()
		_, err := f.Write(block)
		<-done
		if err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// bareSum computes MD5 and does nothing else.
func (b *bench) bareSum() time.Duration {
	block, sum := make([]byte, 256<<10), md5.New() // see the import
	begin := time.Now()
	for left := b.scale.upload; left > 0; left -= int64(len(block)) {
		sum.Write(block)
	}
	return time.Since(begin)
}

// stock starts the daemon with one image to download, and an nginx that serves the same file under /image.
func (b *bench) stock() (ours, theirs, path string) {
	b.Helper()
	program, dir := need(b.T, "nginx"), b.at(disk)
	d, id := b.serve(dir), uuid.NewString()
	w := dial(b, d.url, own)
	w.create(id)
	w.send(id, b.download, sized, b.source())
	port := freePort(b.T)
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; pid %[1]s/nginx.pid; error_log %[1]s/nginx.log; worker_processes auto; %[2]s
events {}
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type application/octet-stream;
  client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server { listen 127.0.0.1:%[3]s reuseport; location = /image { alias %[1]s/images/%[4]s; } } }
`, dir, map[bool]string{true: "user root;"}[os.Getuid() == 0], port, id)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program, "-c", conf, "-e", filepath.Join(dir, "nginx.log")) // ended below
	b.child(cmd)
	theirs = "http://127.0.0.1:" + port
	await(b.T, "nginx answers", func() bool {
		resp, err := http.Get(theirs + "/") // a probe
		if err == nil {
			resp.Body.Close() //nolint:errcheck // a probe
		}
		return err == nil
	})
	return d.url, theirs, "/v2/images/" + id + "/file"
}

// child starts a program that ends with the test.
func (b *bench) child(cmd *exec.Cmd) {
	b.Helper()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // nginx ends its workers
		time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
	})
}

// downloads compares 8 downloads at once with those of nginx.
func (b *bench) downloads() reading {
	ours, theirs, path := b.stock()
	const n = 8
	all := func(url, path string) func() time.Duration {
		return func() time.Duration {
			var clients sync.WaitGroup
			begin := time.Now()
			for range n {
				clients.Go(func() {
					w := dial(b, url, own)
					w.ask(w.head(http.MethodGet, path), http.StatusOK)
					w.Close() //nolint:errcheck // it has been read
				})
			}
			clients.Wait()
			return time.Since(begin)
		}
	}
	t := byTurns(2*b.rounds, all(theirs, "/image"), all(ours, path))
	return reading{t[0].Seconds() / t[1].Seconds(), fmt.Sprintf("%s, nginx %s", speed(n*b.download, t[1]), speed(n*b.download, t[0]))}
}

// ranges compares parts of 1 MiB, from anywhere in the image, with those of nginx.
func (b *bench) ranges() reading {
	ours, theirs, path := b.stock()
	all := func(url, path string) func() float64 {
		return func() float64 {
			return b.hammer(url, own, func(w *wire, _, _ int) int64 {
				from := rand.Int64N(b.download - 1<<20)
				return w.ask(w.head(http.MethodGet, path, fmt.Sprintf("Range: bytes=%d-%d", from, from+1<<20-1)), http.StatusPartialContent)
			}).rate
		}
	}
	r := byTurns(b.rounds, all(theirs, "/image"), all(ours, path))
	return reading{r[1] / r[0], fmt.Sprintf("%.0f/s, nginx %.0f/s", r[1], r[0])}
}

// firstAnswer is the time from the start of the program to its first answer, tables and all.
func (b *bench) firstAnswer() reading {
	t := byTurns(b.rounds, func() time.Duration { return firstAnswer(b.T) })
	return reading{float64(t[0]) / float64(time.Millisecond), ""}
}

func firstAnswer(t *testing.T) time.Duration {
	t.Helper()
	begin := time.Now()
	d := start(t, t.TempDir())
	if code, text := d.call(http.MethodGet, "/v2/images", nil); code != http.StatusOK {
		t.Fatalf("first answer: %d %s", code, text)
	}
	took := time.Since(begin)
	d.stop()
	return took
}
