package logs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/sirupsen/logrus"

	"goglance/glance/settings"
)

// sink is where lines go.
type sink interface {
	// write writes one entry; line may have several lines and does not end with the end of one.
	write(level logrus.Level, line string) error
	io.Closer
}

// file is a log file. Before each line it is looked whether it has been moved or removed, and then it is opened anew, so
// that rotation by rename loses nothing and needs no signal (spec operations 11).
type file struct {
	path string
	mu   sync.Mutex
	f    *os.File
	info os.FileInfo
}

// mode of a new log file; the umask takes more away.
const mode = 0o640

func openFile(path string) (*file, error) {
	w := &file{path: path}
	return w, w.open()
}

func (w *file) open() error {
	f, err := os.OpenFile(w.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, mode)
	if err != nil {
		return fmt.Errorf("log file: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("log file: %w", err), f.Close())
	}
	if w.f != nil {
		w.f.Close() //nolint:errcheck // all of it was written
	}
	w.f, w.info = f, info
	return nil
}

func (w *file) write(_ logrus.Level, line string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if info, err := os.Stat(w.path); err != nil || !os.SameFile(info, w.info) {
		_ = w.open() // if that fails, the file that was moved takes the line
	}
	_, err := w.f.WriteString(line + "\n")
	return err
}

// Close closes the file.
func (w *file) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.f.Close()
}

// stream is an output that is open already and stays so.
type stream struct {
	mu  sync.Mutex
	out io.Writer
}

func (s *stream) write(_ logrus.Level, line string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := io.WriteString(s.out, line+"\n")
	return err
}

// Close does nothing.
func (s *stream) Close() error { return nil }

// path returns the log file that the options name; "" if there is none.
func path(o settings.Log, program string) string {
	name := o.LogFile
	if name == "" {
		if o.LogDir == "" {
			return ""
		}
		name = program + ".log"
	}
	if o.LogDir != "" && !filepath.IsAbs(name) {
		return filepath.Join(o.LogDir, name)
	}
	return name
}
