package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"goglance/httpd/front"
)

// result is what the table says of a front end.
type result struct{ upload, download string }

// trial is one front end with the service behind it.
type trial struct {
	httpd string
	site  front.Site
	url   string // of the API
}

// The image, and how long a program may take to listen or to end.
const (
	imageSize = 8 << 20
	patience  = 20 * time.Second
)

// run starts both, sends an image and reads it back. Nothing runs any more when it returns.
func (t trial) run(ctx context.Context) (result, error) {
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	var ended []func()
	defer func() {
		stop()
		for _, wait := range ended {
			wait()
		}
	}()
	t.site.Socket, t.site.Images = filepath.Join(t.site.Dir, "httpd.sock"), filepath.Join(t.site.Dir, "data", "images")
	var err error
	if t.site.Addr, err = freeAddr(ctx); err != nil {
		return result{}, err
	}
	t.url = "http://" + t.site.Addr + "/image/v2/images"
	proxy, err := t.site.Command(ctx) // makes the folder, too
	if err != nil {
		return result{}, err
	}
	service := exec.CommandContext(ctx, t.httpd, "--socket", t.site.Socket, "--socket-mode", "666", "--protocol", t.site.Protocol,
		"--data-dir", filepath.Join(t.site.Dir, "data"), "--prefix", "/image")
	service.Cancel, service.WaitDelay = func() error { return service.Process.Signal(syscall.SIGTERM) }, patience
	for _, p := range []struct {
		cmd           *exec.Cmd
		network, addr string
	}{{service, "unix", t.site.Socket}, {proxy, "tcp", t.site.Addr}} {
		wait, err := started(ctx, p.cmd, p.network, p.addr)
		ended = append(ended, wait)
		if err != nil {
			return result{}, err
		}
	}
	return t.exchange(ctx)
}

// started starts a program and waits until it listens. The function waits for its end.
func started(ctx context.Context, cmd *exec.Cmd, network, addr string) (wait func(), err error) {
	var said bytes.Buffer // read when the program has ended
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return func() {}, err
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // that it was ended is no news
		close(done)
	}()
	wait = func() { <-done }
	for end := time.Now().Add(patience); ; {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil {
			return wait, c.Close()
		}
		select {
		case <-done:
			return wait, fmt.Errorf("%s has ended: %s", cmd.Path, &said)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			return wait, fmt.Errorf("%s does not listen: %w", cmd.Path, err)
		}
	}
}

// exchange sends an image without saying its length, and reads it back.
func (t trial) exchange(ctx context.Context) (result, error) {
	var img struct{ ID string }
	code, text, err := t.call(ctx, http.MethodPost, t.url, strings.NewReader(`{"disk_format": "raw", "container_format": "bare"}`))
	if err == nil {
		err = json.Unmarshal(text, &img)
	}
	if err != nil || code != http.StatusCreated {
		return result{}, fmt.Errorf("an image cannot be made: %d %s: %w", code, text, err)
	}
	data := make([]byte, imageSize)
	_, _ = rand.Read(data) // it never fails
	file := t.url + "/" + img.ID + "/file"
	code, text, err = t.call(ctx, http.MethodPut, file, struct{ io.Reader }{bytes.NewReader(data)})
	switch {
	case err != nil:
		return result{}, err
	case code == http.StatusLengthRequired && t.site.Chunked == front.Refused:
		return result{string(t.site.Chunked), "-"}, nil
	case code != http.StatusNoContent:
		return result{}, fmt.Errorf("the upload: %d %s", code, text)
	}
	code, text, err = t.call(ctx, http.MethodGet, file, nil)
	if err != nil || code != http.StatusOK || !bytes.Equal(text, data) {
		return result{}, fmt.Errorf("the download: %d, %d bytes: %w", code, len(text), err)
	}
	return result{string(t.site.Chunked), "the same bytes"}, nil
}

func (t trial) call(ctx context.Context, method, url string, body io.Reader) (code int, text []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	text, err = io.ReadAll(resp.Body)
	return resp.StatusCode, text, errors.Join(err, resp.Body.Close())
}

// freeAddr returns an address of this machine that nobody listens on.
func freeAddr(ctx context.Context) (string, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}
