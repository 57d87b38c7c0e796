package logs

import (
	"errors"
	"fmt"
	"log/syslog"
	"strings"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/sirupsen/logrus"
)

// system is syslog.
type system struct{ *syslog.Writer }

func openSyslog(facility, program string) (sink, error) {
	f, err := parseFacility(facility)
	if err != nil {
		return nil, err
	}
	w, err := syslog.New(f|syslog.LOG_INFO, program)
	if err != nil {
		return nil, fmt.Errorf("[DEFAULT] use_syslog: %w", err)
	}
	return system{w}, nil
}

func (s system) write(level logrus.Level, line string) error {
	switch name, _ := pythonLevel(level); name {
	case "DEBUG":
		return s.Debug(line)
	case "INFO":
		return s.Info(line)
	case "WARNING":
		return s.Warning(line)
	case "ERROR":
		return s.Err(line)
	}
	return s.Crit(line)
}

// parseFacility reads the name of a facility, with or without LOG_ before it.
func parseFacility(name string) (syslog.Priority, error) {
	names := []string{
		"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
		"", "", "", "", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	}
	short := strings.TrimPrefix(strings.ToLower(name), "log_")
	for i, n := range names {
		if n == short && n != "" {
			return syslog.Priority(i << 3), nil
		}
	}
	return 0, fmt.Errorf("[DEFAULT] syslog_log_facility: %q is no facility", name)
}

// journald is the journal of systemd.
type journald struct{ program string }

func openJournal(program string) (sink, error) {
	if !journal.Enabled() {
		return nil, errors.New("[DEFAULT] use_journal: there is no journal of systemd on this machine")
	}
	return journald{program}, nil
}

func (j journald) write(level logrus.Level, line string) error {
	priority := map[string]journal.Priority{
		"DEBUG": journal.PriDebug, "INFO": journal.PriInfo, "WARNING": journal.PriWarning, "ERROR": journal.PriErr,
		"CRITICAL": journal.PriCrit,
	}
	name, _ := pythonLevel(level)
	return journal.Send(line, priority[name], map[string]string{"SYSLOG_IDENTIFIER": j.program})
}

// Close does nothing: the connection is the process's.
func (j journald) Close() error { return nil }
