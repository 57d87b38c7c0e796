// Package pidfile keeps the number of a process in a file, for people and programs that send it signals. A number in a
// file proves nothing: the process may be gone and its number another's. So a file that somebody else can have put there
// is not believed, and Find returns a process only when it is the program that is meant (spec security S111).
package pidfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// mode of the file; the umask takes more away.
const mode = 0o644

// Create writes the file for a process of one of the given programs. One that a dead process has left is replaced; one
// of a living process, a symbolic link or what is no file is an error.
func Create(path string, pid int, programs ...string) error {
	err := create(path, pid)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	old, err := Read(path)
	if err != nil {
		return err
	}
	if old == pid {
		return nil // who has started us has written it
	}
	if p := Find(old, programs...); p != nil {
		p.Release() //nolint:errcheck // nothing was done with it
		return fmt.Errorf("PID file %s: process %d is running", path, old)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("PID file: %w", err)
	}
	return create(path, pid)
}

func create(path string, pid int) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, mode)
	if err != nil {
		return fmt.Errorf("PID file: %w", err)
	}
	_, err = fmt.Fprintf(f, "%d\n", pid)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("PID file: %w", err), os.Remove(path))
	}
	return nil
}

// Remove removes the file, if it is still that of the process.
func Remove(path string, pid int) error {
	if now, err := Read(path); err != nil || now != pid {
		return nil // another process has taken it over
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("PID file: %w", err)
	}
	return nil
}

// maxSize is more than any number of a process takes.
const maxSize = 32

// Read returns the number in a file. It is an error when the file is a symbolic link, or when others than the owner,
// who is this user or root, can have written it.
func Read(path string) (int, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return 0, fmt.Errorf("PID file %s is a symbolic link, which is not followed", path)
	}
	if err != nil {
		return 0, fmt.Errorf("PID file: %w", err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("PID file: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("PID file %s is no file", path)
	case !ok || stat.Uid != 0 && int(stat.Uid) != os.Geteuid() && os.Geteuid() != 0:
		return 0, fmt.Errorf("PID file %s belongs to another user", path)
	case info.Mode()&0o022 != 0:
		return 0, fmt.Errorf("PID file %s can be written by others", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSize))
	if err != nil {
		return 0, fmt.Errorf("PID file: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("PID file %s has no number of a process", path)
	}
	return pid, nil
}

// Find returns the process with that number, if it is one of the programs, or of this program, and may be sent signals;
// nil otherwise. The handle is of that process even when the number comes to be another's. The caller releases it.
func Find(pid int, programs ...string) *os.Process {
	p, err := os.FindProcess(pid)
	if err != nil {
		return nil
	}
	if p.Signal(syscall.Signal(0)) != nil || !runs(pid, programs) {
		p.Release() //nolint:errcheck // nothing was done with it
		return nil
	}
	return p
}

// runs reports whether a process runs one of the programs, by itself or by an interpreter, or the program of this one.
func runs(pid int, programs []string) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	if stat, err := os.ReadFile(filepath.Join(dir, "stat")); err != nil || zombie(string(stat)) {
		return false
	}
	mine, err := os.Stat("/proc/self/exe")
	if its, failed := os.Stat(filepath.Join(dir, "exe")); err == nil && failed == nil && os.SameFile(mine, its) {
		return true
	}
	line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return false
	}
	args := strings.Split(string(line), "\x00")
	return slices.ContainsFunc(args[:min(2, len(args))], func(arg string) bool {
		return slices.Contains(programs, filepath.Base(arg))
	})
}

// zombie reads the state in /proc/PID/stat, which follows the name in parentheses.
func zombie(stat string) bool {
	_, rest, _ := strings.Cut(stat[strings.LastIndexByte(stat, ')')+1:], " ")
	return strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X")
}
