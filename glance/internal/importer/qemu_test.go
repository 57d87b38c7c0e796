package importer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"goglance/glance/fault"
)

// missing skips a test for want of a program, or fails it where everything must be there.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
		t.Fatal("missing: " + what)
	}
	t.Skip("missing: " + what)
}

// fake is an Importer whose qemu-img is a script. It is given what it would be given.
func fake(t *testing.T, script string) *Importer {
	t.Helper()
	found, err := programs()
	if err != nil {
		missing(t, err.Error())
	}
	found.qemu = filepath.Join(t.TempDir(), "qemu-img")
	if err := os.WriteFile(found.qemu, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	im := &Importer{tools: func() (tools, error) { return found, nil }}
	im.Options.WorkDir = t.TempDir()
	return im
}

// files returns two scratch files.
func files(t *testing.T, im *Importer, from string) conversion {
	t.Helper()
	c := conversion{from: from, to: "qcow2"}
	for _, f := range []**os.File{&c.in, &c.out} {
		made, err := im.newScratch()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { made.Close() }) //nolint:errcheck // a test's
		*f = made
	}
	return c
}

func (c conversion) written(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/fd/" + strconv.Itoa(int(c.out.Fd())))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var wide = limits{file: 1 << 20, memory: maxMemory, time: time.Minute} //nolint:gochecknoglobals // a constant

// Spec security P35, P40, S123: qemu-img is told the format, gets no environment, no input and no files but two, and has
// limits before it begins. It is not run in parallel, as a script must not be written while another process is born.
func TestSecQemuImgExplicitFormat(t *testing.T) { //nolint:paralleltest // see above
	im := fake(t, `{ echo "$@"; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL=; cat; ulimit -c; ulimit -f; ulimit -t; ulimit -v; ulimit -n; } >/proc/self/fd/4`)
	c := files(t, im, "vpc")
	if err := im.qemuConvert(t.Context(), c, wide); err != nil {
		t.Fatal(err)
	}
	const want = "convert -f vpc -O qcow2 /proc/self/fd/3 /proc/self/fd/4 0 2048 60 1048576 64"
	if got := strings.Join(strings.Fields(c.written(t)), " "); got != want {
		t.Errorf("qemu-img sees %q", got)
	}
}

// Spec security S123, P57: a qemu-img that goes wrong in any way is a failure with a message for the client, and nothing
// of it lives on.
func TestSecChildLimits(t *testing.T) { //nolint:paralleltest // as above
	short := wide
	short.time = time.Second
	rows := []struct {
		name, script string
		l            limits
		kind         fault.Kind
		msg          string
	}{
		{"fails", "exit 1", wide, fault.Invalid, "cannot be converted from raw to qcow2"},
		{"complains", "echo /secret/path >&2", wide, fault.Invalid, "cannot be converted"},
		{"prints without end", "while :; do echo 0123456789012345678901234567890123456789; done", wide, fault.Invalid, "cannot be converted"},
		{"spins", "while :; do :; done", short, fault.Invalid, ""},
		{"sleeps", "sleep 600", short, fault.Invalid, "takes too long"},
		{"ignores signals", "trap '' TERM INT HUP XCPU; sleep 600", short, fault.Invalid, "takes too long"},
		{"writes too much", "dd if=/dev/zero of=/proc/self/fd/4 bs=65536 count=64 2>/dev/null; kill -XFSZ $$", wide, fault.TooLarge, "larger"},
		{"dies", "kill -SEGV $$", wide, fault.Invalid, "cannot be converted"},
	}
	for _, row := range rows {
		im := fake(t, row.script)
		begin := time.Now()
		c := files(t, im, "raw")
		err := im.qemuConvert(t.Context(), c, row.l)
		if !fault.Is(err, row.kind) || !strings.Contains(fault.Message(err), row.msg) || strings.Contains(fault.Message(err), "/") {
			t.Errorf("%s: %v", row.name, err)
		}
		if took := time.Since(begin); took > 50*time.Second {
			t.Errorf("%s takes %v", row.name, took)
		}
		if info, err := c.out.Stat(); err != nil || info.Size() > row.l.file {
			t.Errorf("%s: %v, %v", row.name, info.Size(), err)
		}
	}
}

// The limit of memory is one of the address space.
func TestSecQemuImgMemory(t *testing.T) { //nolint:paralleltest // as above
	python, err := exec.LookPath("python3")
	if err != nil {
		missing(t, "python3")
	}
	im := fake(t, python+` -c 'x = bytearray(2 << 30)' 2>/dev/null || exit 3`)
	err = im.qemuConvert(t.Context(), files(t, im, "raw"), wide)
	if !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

// A task that is cancelled takes qemu-img and what it has started with it.
func TestConversionIsCancelled(t *testing.T) { //nolint:paralleltest // as above
	im := fake(t, "sleep 599 & echo $$ $! >/proc/self/fd/4; wait")
	c := files(t, im, "raw")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- im.qemuConvert(ctx, c, wide) }()
	var pids []string
	await(t, "the children are there", func() bool {
		pids = strings.Fields(c.written(t))
		return len(pids) == 2
	})
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	await(t, "the children have gone", func() bool {
		for _, pid := range pids {
			if stat, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil && !bytes.Contains(stat, []byte(") Z ")) {
				return false
			}
		}
		return true
	})
}

// Programs that are missing are a failure that says so.
func TestNoPrograms(t *testing.T) {
	t.Parallel()
	im := &Importer{tools: func() (tools, error) { return tools{}, exec.ErrNotFound }}
	if err := im.qemuConvert(t.Context(), conversion{}, wide); !fault.Is(err, fault.Unavailable) || fault.Message(err) == "" {
		t.Error(err)
	}
}

// Spec security S70, S122: a scratch file has no name, and is not left to children that were not meant to have it.
func TestScratch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := scratch(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // a test's
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	info, err := f.Stat()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_GETFD, 0)
	if errno != 0 || flags&syscall.FD_CLOEXEC == 0 {
		t.Errorf("flags %x, %v", flags, errno)
	}
	if _, err := scratch(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a scratch file nowhere")
	}
}

// await waits until the condition holds.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
