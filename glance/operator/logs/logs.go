package logs

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sirupsen/logrus"

	"goglance/glance/settings"
)

// Log is a log that was opened. It is safe for concurrent use.
type Log struct {
	*logrus.Logger

	options settings.Log
	program string
	host    string
	levels  levels
	sinks   []sink

	context, plain, debug, exception, identity format
}

// Open opens the log that the options ask for; where they ask for none, it is stderr, which stays the caller's. An error
// names the option. The caller closes the Log after the last line.
func Open(o settings.Log, program string, stderr io.Writer) (*Log, error) {
	l := &Log{options: o, program: program}
	l.host, _ = os.Hostname() // it is only told
	var err error
	if l.levels, err = newLevels(o); err != nil {
		return nil, err
	}
	if err := l.formats(); err != nil {
		return nil, err
	}
	if err := l.open(stderr); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.Logger = logrus.New()
	l.SetOutput(io.Discard)
	l.SetFormatter(silent{})
	l.SetLevel(l.levels.most())
	l.SetReportCaller(l.IsLevelEnabled(logrus.DebugLevel))
	l.AddHook(l)
	return l, nil
}

func (l *Log) formats() (err error) {
	for _, f := range []struct {
		to         *format
		name, text string
	}{
		{&l.context, "logging_context_format_string", l.options.Format},
		{&l.plain, "logging_default_format_string", l.options.PlainFormat},
		{&l.debug, "logging_debug_format_suffix", l.options.DebugSuffix},
		{&l.exception, "logging_exception_prefix", l.options.Exception},
		{&l.identity, "logging_user_identity_format", l.options.UserIdentity},
	} {
		if *f.to, err = parseFormat(f.text); err != nil {
			return fmt.Errorf("[DEFAULT] %s: %w", f.name, err)
		}
	}
	return nil
}

func (l *Log) open(stderr io.Writer) error {
	o := l.options
	for _, want := range []struct {
		wanted bool
		open   func() (sink, error)
	}{
		{path(o, l.program) != "", func() (sink, error) { return openFile(path(o, l.program)) }},
		{o.Syslog, func() (sink, error) { return openSyslog(o.Facility, l.program) }},
		{o.Journal, func() (sink, error) { return openJournal(l.program) }},
	} {
		if !want.wanted {
			continue
		}
		s, err := want.open()
		if err != nil {
			return err
		}
		l.sinks = append(l.sinks, s)
	}
	if o.Stderr || len(l.sinks) == 0 {
		l.sinks = append(l.sinks, &stream{out: stderr})
	}
	return nil
}

// Levels is for logrus: the Log gets the lines of all levels.
func (l *Log) Levels() []logrus.Level { return logrus.AllLevels }

// Fire writes an entry.
func (l *Log) Fire(e *logrus.Entry) error {
	r := record{e, l}
	if e.Level > l.levels.of(r.logger()) {
		return nil
	}
	render := r.line
	if l.options.JSON {
		render = r.json
	}
	line := render()
	var errs []error
	for _, s := range l.sinks {
		errs = append(errs, s.write(e.Level, line))
	}
	return errors.Join(errs...)
}

// Close closes what Open has opened.
func (l *Log) Close() error {
	var errs []error
	for _, s := range l.sinks {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// silent makes logrus itself write nothing: the hook does.
type silent struct{}

// Format returns nothing.
func (silent) Format(*logrus.Entry) ([]byte, error) { return nil, nil }
