package pidfile_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"goglance/glance/operator/pidfile"
)

func write(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.pid")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCreate: a file of the dead is replaced, one of the living is not, and only its own process removes it.
func TestCreate(t *testing.T) {
	t.Parallel()
	me := os.Getpid()
	path := filepath.Join(t.TempDir(), "p.pid")
	for range 2 { // once more is no error: who has started us may have written it
		if err := pidfile.Create(path, me); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := pidfile.Read(path); err != nil || got != me {
		t.Errorf("%d, %v", got, err)
	}
	if err := pidfile.Create(path, me+1); err == nil || !strings.Contains(err.Error(), "is running") {
		t.Errorf("over a living process: %v", err)
	}
	if err := pidfile.Remove(path, me+1); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("another process has removed it: %v", err)
	}
	if err := pidfile.Remove(path, me); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("it is left: %v", err)
	}
	stale := write(t, "999999999\n", 0o600)
	if err := pidfile.Create(stale, me); err != nil {
		t.Errorf("over a dead process: %v", err)
	}
	if err := pidfile.Create(filepath.Join(path, "x", "y"), me); err == nil {
		t.Error("it is made where no folder is")
	}
}

// TestRead: what is not believed.
func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(write(t, "2", 0o600), link); err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{
		link: "symbolic link", dir: "is no file", fifo: "is no file", write(t, "2", 0o660): "by others", write(t, "2", 0o606): "by others",
		write(t, "", 0o600): "no number", write(t, "x", 0o600): "no number", write(t, "0", 0o600): "no number", write(t, "-5", 0o600): "no number",
		write(t, "2 3", 0o600): "no number", write(t, strings.Repeat("1", 100), 0o600): "no number",
	}
	for path, want := range rows {
		if got, err := pidfile.Read(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d, %v", path, got, err)
		}
	}
	if _, err := pidfile.Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestFind: only a process of the program is found, and none that has ended.
func TestFind(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "60") // killed below
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := func(pid int, programs ...string) bool {
		p := pidfile.Find(pid, programs...)
		if p != nil {
			p.Release() //nolint:errcheck // nothing was done with it
		}
		return p != nil
	}
	pid := cmd.Process.Pid
	for end := time.Now().Add(10 * time.Second); !found(pid, "sleep") && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // Start returns when the kernel has begun to put the program in, and its arguments come last
	}
	rows := map[string]struct{ got, want bool }{
		"this process":         {found(os.Getpid()), true},
		"one of two programs":  {found(pid, "glance-api", "sleep"), true},
		"another program":      {found(pid, "glance-api"), false},
		"no program":           {found(pid), false},
		"a number of no one's": {found(999999999, "sleep"), false},
	}
	for name, row := range rows {
		if row.got != row.want {
			line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
			t.Errorf("%s: found %v (the other process is %q, %v)", name, row.got, line, err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if found(pid, "sleep") {
		t.Error("a process is found that has ended")
	}
}
