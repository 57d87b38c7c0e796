package main_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Scripts that send 64 MB chunked and without Expect, as people do, and print the status of the answer.
const (
	withRequests = `
import requests, sys
def body():
    for _ in range(1024): yield b"x" * 65536
r = requests.put(sys.argv[1], data=body(), headers={"Content-Type": "application/octet-stream"})
print(r.status_code)
`
	withHTTPClient = `
import http.client, sys, urllib.parse
u = urllib.parse.urlparse(sys.argv[1])
c = http.client.HTTPConnection(u.hostname, u.port)
def body():
    for _ in range(1024): yield b"x" * 65536
c.request("PUT", u.path, body(), {"Content-Type": "application/octet-stream"}, encode_chunked=True)
print(c.getresponse().status)
`
)

// python is Debian's, which python3-requests is installed for.
const python = "/usr/bin/python3"

// TestRefusalReachesClients: a client that sends 64 MB without asking first still reads its refusal, every time.
func TestRefusalReachesClients(t *testing.T) {
	const times = 20
	d := start(t, t.TempDir())
	url := d.url + "/v2/images/11111111-2222-3333-4444-555555555555/file"
	zeros := sparse(t, 64<<20)
	clients := map[string]func(ctx context.Context) *exec.Cmd{
		"curl": func(ctx context.Context) *exec.Cmd {
			return exec.CommandContext(ctx, need(t, "curl"), "-sS", "-o", os.DevNull, "-w", "%{http_code}", "-T", zeros,
				"-H", "Transfer-Encoding: chunked", "-H", "Expect:", "-H", "Content-Type: application/octet-stream", url)
		},
		"requests": func(ctx context.Context) *exec.Cmd {
			if err := exec.CommandContext(ctx, python, "-c", "import requests").Run(); err != nil {
				missing(t, "python3-requests")
			}
			return exec.CommandContext(ctx, python, "-c", withRequests, url) // our own script
		},
		"http.client": func(ctx context.Context) *exec.Cmd {
			return exec.CommandContext(ctx, need(t, python), "-c", withHTTPClient, url) // our own script
		},
	}
	for name, client := range clients {
		t.Run(name, func(t *testing.T) {
			for i := range times {
				ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
				out, err := client(ctx).CombinedOutput()
				cancel()
				if got := strings.TrimSpace(string(out)); err != nil || got != "404" {
					t.Fatalf("request %d of %d: %q, %v", i+1, times, got, err)
				}
			}
		})
	}
	if names := stored(t, d.dir); len(names) != 0 {
		t.Errorf("the store has %v", names)
	}
}

// sparse makes a file of n zero bytes that takes no room.
func sparse(t *testing.T, n int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "zeros")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, n); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDownloadUsesSendfile: a plain download is copied by the kernel.
func TestDownloadUsesSendfile(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "trace")
	d := start(t, t.TempDir(), need(t, "strace"), "-f", "-qq", "-e", "trace=sendfile", "-o", trace)
	id := d.create(rawImage)
	body, err := os.ReadFile(sparse(t, 8<<20))
	if err != nil {
		t.Fatal(err)
	}
	if code, text := d.call("PUT", "/v2/images/"+id+"/file", strings.NewReader(string(body))); code != 204 {
		t.Fatalf("upload: %d %s", code, text)
	}
	if _, text := d.call("GET", "/v2/images/"+id+"/file", nil); text != string(body) {
		t.Fatal("the download differs")
	}
	d.kill()
	calls, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	sent := strings.Count(string(calls), "sendfile(")
	t.Logf("%d calls of sendfile", sent)
	if sent == 0 {
		t.Error("the download used no sendfile")
	}
}

// TestRealImages: real disk images go up with length and chunked, and come back equal.
func TestRealImages(t *testing.T) {
	d := start(t, t.TempDir())
	images := map[string]string{"iso": bootISO(t), "qcow2": bigQcow2(t)}
	for format, path := range images {
		for _, encoding := range []string{"", "chunked"} {
			t.Run(format+" "+encoding, func(t *testing.T) {
				id := d.create(`{"disk_format": "` + format + `", "container_format": "bare"}`)
				url := d.url + "/v2/images/" + id + "/file"
				send := []string{"-sSf", "-T", path, "-H", "Content-Type: application/octet-stream", url}
				if encoding != "" {
					send = append(send, "-H", "Transfer-Encoding: "+encoding)
				}
				begin := time.Now()
				succeed(t, need(t, "curl"), send...)
				t.Logf("up in %v", time.Since(begin))
				back := filepath.Join(t.TempDir(), "back")
				succeed(t, need(t, "curl"), "-sSf", "-o", back, url)
				succeed(t, need(t, "cmp"), path, back)
			})
		}
	}
}

// bootISO returns a bootable image, the rescue CD of Debian's GRUB.
func bootISO(t *testing.T) string {
	t.Helper()
	const path = "/usr/lib/grub-rescue/grub-rescue-cdrom.iso"
	if _, err := os.Stat(path); err != nil {
		missing(t, "the rescue CD of grub-rescue-pc")
	}
	return path
}

// bigQcow2 makes a qcow2 of more than 200 MiB.
func bigQcow2(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	raw, qcow2 := filepath.Join(dir, "raw"), filepath.Join(dir, "qcow2")
	f, err := os.Create(raw)
	if err != nil {
		t.Fatal(err)
	}
	random, err := os.Open("/dev/urandom")
	if err != nil {
		t.Fatal(err)
	}
	defer random.Close() //nolint:errcheck // only read
	if _, err := io.CopyN(f, random, 201<<20); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	succeed(t, need(t, "qemu-img"), "convert", "-f", "raw", "-O", "qcow2", raw, qcow2)
	return qcow2
}

// succeed runs a program that must succeed.
func succeed(t *testing.T, program string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
}
