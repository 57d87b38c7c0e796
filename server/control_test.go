package main_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// control runs glance-control and returns what it says and its exit code.
func (s *site) control(args ...string) (string, int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "glance-control", args...) // a test's
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestControl starts a service, asks for it, reloads and stops it.
func TestControl(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pid := filepath.Join(s.dir, "run", "api.pid")
	t.Cleanup(func() { s.control("--pid-file", pid, "api", "stop") })
	say := func(want string, code int, args ...string) {
		t.Helper()
		if text, got := s.control(append([]string{"--pid-file", pid}, args...)...); got != code || !strings.Contains(text, want) {
			t.Errorf("%v: %d %s, want %d %s", args, got, text, code, want)
		}
	}
	say("glance-api is stopped", 0, "api", "status")
	say("Server glance-api is stopped", 1, "glance-api", "reload")
	say("already stopped", 0, "api", "stop")
	say("Starting glance-api with "+s.conf, 0, "api", "start", s.conf)
	d := &daemon{t: t}
	await(t, "the service serves", func() bool {
		if m := listening.FindStringSubmatch(s.log()); m != nil {
			d.url = "http://" + m[1]
		}
		return d.url != ""
	})
	d.roundTrip()
	say("is running...", 0, "all", "status")
	say("already be running", 1, "api", "start", s.conf)
	say("Reloading", 0, "api", "reload")
	await(t, "the service reloads", func() bool { return strings.Contains(s.log(), reloaded) })
	say("Restarting", 0, "api", "restart", s.conf)
	await(t, "the service serves again", func() bool { return strings.Count(s.log(), "listening on") == 2 })
	say("Stopping", 0, "api", "shutdown")
	await(t, "the service stops", func() bool { return strings.Count(s.log(), "[-] stopped") == 2 })
	say("is stopped", 0, "api", "status")
	if _, err := os.Stat(pid); !os.IsNotExist(err) {
		t.Errorf("the PID file is left: %v", err)
	}
	say("there is no service registry", 1, "registry", "start")
	say("there is no command dance", 1, "api", "dance")
	say("has ended with exit code 1", 1, "--await-child", "10", "api", "start", s.dir+"/nowhere")
}

// TestRespawn: the service is started again when it dies, and not when it was stopped.
func TestRespawn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := filepath.Join(s.dir, "api.pid")
	d := s.launch(exec.Command("glance-control", "--respawn", "--pid-file", path, "api", "start", s.conf)) // ended below
	t.Cleanup(func() { s.control("--pid-file", path, "api", "stop") })
	await(t, "the service serves", func() bool { return strings.Contains(s.log(), "listening on") })
	first := pidIn(t, path)
	await(t, "the service is no more bouncing", func() bool { return age(t, first) > 1.2 })
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "it is started again", func() bool { return strings.Count(s.log(), "listening on") == 2 })
	if second := pidIn(t, path); second == first {
		t.Errorf("the PID file has %d still", first)
	}
	s.control("--pid-file", path, "api", "stop")
	await(t, "glance-control ends", d.ended)
	if !strings.Contains(d.log.String(), "deliberately stopped") {
		t.Errorf("it says %s", d.log)
	}
}

func pidIn(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// age returns for how many seconds a process has been there.
func age(t *testing.T, pid int) float64 {
	t.Helper()
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	up, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Fatal(err)
	}
	now, err := strconv.ParseFloat(strings.Fields(string(up))[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')'):]))
	began, err := strconv.ParseFloat(fields[20], 64)
	if err != nil {
		t.Fatal(err)
	}
	return now - began/100
}

// TestPIDFile: the file is there while the daemon is; a second daemon does not take it, one of the dead is replaced.
func TestPIDFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := s.file("api.pid", "999999999\n")
	s.write("pid_file = " + path)
	d := s.start()
	if got := pidIn(t, path); got != d.cmd.Process.Pid {
		t.Errorf("the file has %d, the daemon is %d", got, d.cmd.Process.Pid)
	}
	if text, code := s.refused(); code != 1 || !strings.Contains(text, "is running") {
		t.Errorf("a second daemon: %d %s", code, text)
	}
	if code, _ := d.call(http.MethodGet, "/v2/images", nil); code != http.StatusOK {
		t.Errorf("after that: %d", code)
	}
	d.stop()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the file is left: %v", err)
	}
}

// TestSecPIDFileSafety: a file that somebody else can have put there is not believed, and nothing is written through a
// link (S111).
func TestSecPIDFileSafety(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	victim := exec.Command("sleep", "60") // killed below
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = victim.Process.Kill(); _ = victim.Wait() }() // it may have ended
	number := strconv.Itoa(victim.Process.Pid)
	precious := s.file("precious", "content")
	link := filepath.Join(s.dir, "link")
	if err := os.Symlink(precious, link); err != nil {
		t.Fatal(err)
	}
	s.write("pid_file = " + link)
	if text, code := s.refused(); code != 1 || !strings.Contains(text, "link") {
		t.Errorf("a link: %d %s", code, text)
	}
	if text, err := os.ReadFile(precious); err != nil || string(text) != "content" {
		t.Errorf("through the link: %q %v", text, err)
	}
	open := s.file("open", number)
	if err := os.Chmod(open, 0o666); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		link: "symbolic link", open: "written by others", s.dir: "no file", precious: "no number",
		s.file("init", "1"): "no number", s.file("all", "-1"): "no number",
	} {
		for _, command := range []string{"stop", "reload", "status"} {
			if text, code := s.control("--pid-file", path, "api", command); code != 1 || !strings.Contains(text, want) {
				t.Errorf("%s %s: %d %s", command, path, code, text)
			}
		}
	}
	wrong := s.file("wrong", number) // a process, but no glance-api
	for command, want := range map[string]string{"status": "is stopped", "reload": "is stopped", "stop": "already stopped"} {
		if text, _ := s.control("--pid-file", wrong, "api", command); !strings.Contains(text, want) {
			t.Errorf("%s: %s", command, text)
		}
	}
	if err := victim.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the process was signalled: %v", err)
	}
}
