// Package control is glance-control: it starts services, and finds them by their PID files to stop them or to have them
// read their configuration again (spec operations 6.4).
package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"goglance/glance/operator/pidfile"
)

// Options are a command line.
type Options struct {
	Server  string // api, glance-api, all
	Command string
	Args    []string // for the service that is started: its configuration files
	PIDFile string   // "": where the reference has it
	Await   time.Duration
	Capture bool
	Respawn bool

	Out, Err io.Writer
}

// servers returns the services that there are.
func servers() []string { return []string{"glance-api"} }

// one is what is done to one service.
type one struct {
	Options
	name string
	path string // of its PID file
}

// Run does what the command line says and returns the exit code.
func Run(ctx context.Context, o Options) int {
	if o.Respawn && o.Await > 0 {
		return o.fail("--respawn does not go with --await-child")
	}
	var names []string
	for _, name := range servers() {
		if o.Server == "all" || o.Server == name || "glance-"+o.Server == name {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return o.fail(fmt.Sprintf("there is no service %s here, only %s", o.Server, strings.Join(servers(), ", ")))
	}
	if len(names) > 1 && o.PIDFile != "" {
		return o.fail("one --pid-file is not enough for all")
	}
	code := 0
	for _, name := range names {
		s := &one{Options: o, name: name, path: o.PIDFile}
		if s.path == "" {
			s.path = filepath.Join("/var/run/glance", name+".pid")
		}
		code = max(code, s.do(ctx))
	}
	return code
}

func (o Options) fail(text string) int {
	fmt.Fprintln(o.Err, text) //nolint:errcheck // there is nobody else to tell
	return 1
}

func (o Options) say(format string, args ...any) {
	fmt.Fprintf(o.Out, format+"\n", args...) //nolint:errcheck // as above
}

func (s *one) do(ctx context.Context) int {
	switch s.Command {
	case "start":
		return s.start(ctx)
	case "status":
		return s.status()
	case "stop", "shutdown":
		return s.stop("Stopping")
	case "restart":
		if code := s.stop("Restarting"); code != 0 {
			return code
		}
		return s.start(ctx)
	case "reload", "force-reload":
		return s.reload()
	}
	return s.fail(fmt.Sprintf("there is no command %s", s.Command))
}

// process returns the process that the PID file names; nil if there is no file, or the process has gone. It is an error
// when the file is not to be believed.
func (s *one) process() (*os.Process, error) {
	pid, err := pidfile.Read(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return pidfile.Find(pid, s.name), nil
}

func (s *one) status() int {
	p, err := s.process()
	switch {
	case err != nil:
		return s.fail(err.Error())
	case p == nil:
		s.say("%s is stopped", s.name)
	default:
		defer p.Release() //nolint:errcheck // nothing was done with it
		s.say("%s (pid %d) is running...", s.name, p.Pid)
	}
	return 0
}

// How long a service may take to stop before nobody waits for it any more.
const (
	stopTime  = 15 * time.Second
	stopPause = 20 * time.Millisecond
)

// stop ends the service. Requests under way finish first: the service sees to that on SIGTERM, for which reason shutdown
// is the same here.
func (s *one) stop(doing string) int {
	p, err := s.process()
	if err != nil {
		return s.fail(err.Error())
	}
	if p == nil {
		s.say("%s is already stopped", s.name)
		os.Remove(s.path) //nolint:errcheck // it may not be there
		return 0
	}
	defer p.Release() //nolint:errcheck // the end
	s.say("%s %s (pid %d) with signal(%d)", doing, s.name, p.Pid, syscall.SIGTERM)
	if err := pidfile.Remove(s.path, p.Pid); err != nil {
		return s.fail(err.Error())
	}
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return s.fail(err.Error())
	}
	for end := time.Now().Add(stopTime); time.Now().Before(end); time.Sleep(stopPause) {
		again := pidfile.Find(p.Pid, s.name)
		if again == nil {
			return 0
		}
		again.Release() //nolint:errcheck // nothing was done with it
	}
	s.say("%s (pid %d) still has requests under way; it ends after them", s.name, p.Pid)
	return 0
}

func (s *one) reload() int {
	p, err := s.process()
	if err != nil {
		return s.fail(err.Error())
	}
	if p == nil {
		return s.fail(fmt.Sprintf("Server %s is stopped", s.name))
	}
	defer p.Release() //nolint:errcheck // the end
	s.say("Reloading %s (pid %d) with signal(%d)", s.name, p.Pid, syscall.SIGHUP)
	if err := p.Signal(syscall.SIGHUP); err != nil {
		return s.fail(err.Error())
	}
	return 0
}
