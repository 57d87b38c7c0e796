package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"goglance/glance/operator/pidfile"
)

// start starts the service, in a session of its own.
func (s *one) start(ctx context.Context) int {
	if code := s.place(); code != 0 {
		return code
	}
	p, err := s.process()
	switch {
	case err != nil:
		return s.fail(err.Error())
	case p != nil:
		p.Release() //nolint:errcheck // nothing was done with it
		return s.fail(fmt.Sprintf("%s appears to already be running: %s", s.name, s.path))
	}
	if _, err := os.Lstat(s.path); err == nil {
		s.say("Removing stale pid file %s", s.path)
		if err := os.Remove(s.path); err != nil {
			return s.fail(err.Error())
		}
	}
	raiseLimits()
	for {
		began := time.Now()
		cmd, err := s.launch()
		if err != nil {
			return s.fail(err.Error())
		}
		switch {
		case s.Respawn:
			if again, code := s.watch(ctx, cmd, began); !again {
				return code
			}
		case s.Await > 0:
			return s.await(cmd)
		default:
			return 0
		}
	}
}

// place sees to it that the PID file can be written.
func (s *one) place() int {
	dir := filepath.Dir(s.path)
	if os.MkdirAll(dir, 0o755) == nil && syscall.Access(dir, 2) == nil {
		return 0
	}
	own, err := os.MkdirTemp("", "glance-control-")
	if err != nil {
		return s.fail(err.Error())
	}
	s.path = filepath.Join(own, s.name+".pid")
	s.say("The folder %s cannot be written to. The PID file is %s; name it with --pid-file from now on.", dir, s.path)
	return 0
}

// raiseLimits lets the service have as many descriptors as the reference's. That limits memory, too; we need no such
// limit.
func raiseLimits() {
	const descriptors = 32768
	var now syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now) == nil && now.Cur < descriptors {
		now.Cur = min(descriptors, now.Max)
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &now) // then it has fewer
	}
}

// launch starts the process: this program, under the name of the service.
func (s *one) launch() (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{Path: self, Args: append([]string{s.name}, s.Args...), SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
	with := ""
	if len(s.Args) > 1 {
		with = " with " + s.Args[1]
	}
	s.say("Starting %s%s", s.name, with)
	if s.Capture {
		w, err := s.logger()
		if err != nil {
			return nil, err
		}
		defer w.Close() //nolint:errcheck // the service has it
		cmd.Stdout, cmd.Stderr = w, w
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := pidfile.Create(s.path, cmd.Process.Pid, s.name); err != nil {
		return nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	return cmd, nil
}

// logger returns a pipe to syslog.
func (s *one) logger() (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("logger", "-t", s.name) // it ends with the pipe
	cmd.Stdin, cmd.SysProcAttr = r, &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(cmd.Start(), r.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("--capture-output: %w", err), w.Close())
	}
	return w, cmd.Process.Release()
}

// waitFor returns a channel that is closed when the process has ended; how is in its state.
func waitFor(cmd *exec.Cmd) <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	return ended
}

// await reports how the service ends, if it does so soon.
func (s *one) await(cmd *exec.Cmd) int {
	ended := waitFor(cmd)
	select {
	case <-ended:
		s.say("%s (pid %d) has ended with exit code %d", s.name, cmd.Process.Pid, cmd.ProcessState.ExitCode())
		return max(0, cmd.ProcessState.ExitCode())
	case <-time.After(s.Await):
		s.say("%s (pid %d) is running", s.name, cmd.Process.Pid)
		return 0
	}
}

// bouncing is how soon after its start the end of a service means that it will not do better next time.
const bouncing = time.Second

// watch waits for the end of the service and says whether it is to be started again.
func (s *one) watch(ctx context.Context, cmd *exec.Cmd, began time.Time) (again bool, code int) {
	ended := waitFor(cmd)
	select {
	case <-ctx.Done():
		return false, 0 // the service goes on without us
	case <-ended:
	}
	pid, err := pidfile.Read(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && pid != cmd.Process.Pid:
		s.say("%s was deliberately stopped", s.name)
		return false, 0
	case err != nil:
		return false, s.fail(err.Error())
	case time.Since(began) < bouncing:
		return false, s.fail(s.name + " is bouncing, it is not started again")
	}
	if err := os.Remove(s.path); err != nil {
		return false, s.fail(err.Error())
	}
	return true, 0
}
