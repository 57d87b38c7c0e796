package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"goglance/glance/fault"
)

// tools are the programs that a conversion takes. A limit must hold from the first instruction on, and Go cannot set one
// between fork and exec, so prlimit of util-linux does: it sets the limits of itself and becomes qemu-img.
type tools struct{ prlimit, qemu string }

// programs finds the tools.
func programs() (tools, error) {
	limit, err := exec.LookPath("prlimit")
	if err != nil {
		return tools{}, err
	}
	qemu, err := exec.LookPath("qemu-img")
	return tools{limit, qemu}, err
}

// limits are what a child may use.
type limits struct {
	file, memory int64         // bytes of a file and of address space
	time         time.Duration // on the clock, and of the processors
}

// conversion is what qemu-img is to do.
type conversion struct {
	from, to string // drivers
	in, out  *os.File
}

const (
	maxOutput = 1 << 20          // bytes that a child may say
	grace     = 10 * time.Second // that a child's children may keep its output open
)

// qemuConvert runs qemu-img convert. The files are handed over open, so it works on what was looked at, and knows no path
// (spec security S126). Of what it says nothing reaches the client; anything on its standard error is a failure (spec
// tasks-import C.5).
func (im *Importer) qemuConvert(ctx context.Context, c conversion, l limits) error {
	t, err := im.tools()
	if err != nil {
		return &fault.Error{Kind: fault.Unavailable, Op: "importer.convert", Msg: "data cannot be converted here now", Err: err}
	}
	late, cancel := context.WithTimeout(ctx, l.time)
	defer cancel()
	cmd := exec.CommandContext(late, t.prlimit, //nolint:gosec // the programs are found in PATH, the arguments are ours
		fmt.Sprintf("--as=%d", l.memory), fmt.Sprintf("--fsize=%d", l.file), fmt.Sprintf("--cpu=%d", int(l.time.Seconds())),
		"--core=0", "--nofile=64", t.qemu, "convert", "-f", c.from, "-O", c.to, "/proc/self/fd/3", "/proc/self/fd/4")
	cmd.ExtraFiles = []*os.File{c.in, c.out}
	said, err := runApart(cmd)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case late.Err() != nil:
		return conversionError(fault.Invalid, "the conversion of the data takes too long", late.Err(), said)
	case signalled(cmd, syscall.SIGXFSZ):
		return conversionError(fault.TooLarge, "the converted data would be larger than an image may be", err, said)
	case err != nil || said != "":
		return conversionError(fault.Invalid, fmt.Sprintf("the data cannot be converted from %s to %s", c.from, c.to), err, said)
	}
	return nil
}

func conversionError(kind fault.Kind, msg string, cause error, said string) error {
	return &fault.Error{Kind: kind, Op: "importer.convert", Msg: msg, Err: fmt.Errorf("%w: qemu-img says %q", errors.Join(cause), said)}
}

// signalled reports whether a child was ended by a signal.
func signalled(cmd *exec.Cmd, s syscall.Signal) bool {
	if cmd.ProcessState == nil {
		return false
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == s
}

// runApart runs a child with nothing of ours but the files it was given: no environment, no input, a process group that
// is killed as a whole. It returns what the child has said on its standard error; one that says too much fails. The
// thread is kept, because the kernel ends the child with the thread that started it.
func runApart(cmd *exec.Cmd) (said string, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, errs := &capped{}, &capped{}
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = []string{}, "/", out, errs
	cmd.SysProcAttr, cmd.WaitDelay = apart(), grace
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it has started and not ended
	}
	return errs.text.String(), err
}

// capped keeps what is written to it up to a bound, and then writes no more.
type capped struct{ text strings.Builder }

// Write writes.
func (c *capped) Write(p []byte) (int, error) {
	if c.text.Len()+len(p) > maxOutput {
		return 0, io.ErrShortBuffer
	}
	return c.text.Write(p)
}
