package logs

import (
	"fmt"
	"strings"

	"github.com/sirupsen/logrus"

	"goglance/glance/settings"
)

// levels says which lines are written: those of the root's level, or of the level of the logger that is named closest.
type levels struct {
	root    logrus.Level
	loggers map[string]logrus.Level
}

func newLevels(o settings.Log) (levels, error) {
	l := levels{root: logrus.InfoLevel, loggers: map[string]logrus.Level{}}
	if o.Debug {
		l.root = logrus.DebugLevel
	}
	for _, item := range o.Levels {
		name, level, ok := strings.Cut(item, "=")
		if !ok {
			return l, fmt.Errorf("[DEFAULT] default_log_levels: %q is no logger=LEVEL", item)
		}
		parsed, err := parseLevel(strings.TrimSpace(level))
		if err != nil {
			return l, fmt.Errorf("[DEFAULT] default_log_levels: %w", err)
		}
		l.loggers[strings.TrimSpace(name)] = parsed
	}
	return l, nil
}

func parseLevel(name string) (logrus.Level, error) {
	switch strings.ToUpper(name) {
	case "DEBUG", "TRACE", "NOTSET":
		return logrus.DebugLevel, nil
	case "INFO":
		return logrus.InfoLevel, nil
	case "WARN", "WARNING":
		return logrus.WarnLevel, nil
	case "ERROR":
		return logrus.ErrorLevel, nil
	case "CRITICAL", "FATAL":
		return logrus.FatalLevel, nil
	}
	return 0, fmt.Errorf("%q is no level", name)
}

// of returns the level of a logger: its own, or that of the nearest one above it.
func (l levels) of(logger string) logrus.Level {
	for name := logger; name != ""; {
		if level, ok := l.loggers[name]; ok {
			return level
		}
		dot := strings.LastIndexByte(name, '.')
		name = name[:max(dot, 0)]
	}
	return l.root
}

// most returns the level of the logger that says most, for logrus to drop the rest early.
func (l levels) most() logrus.Level {
	most := l.root
	for name, level := range l.loggers {
		if name == "glance" || strings.HasPrefix(name, "glance.") {
			most = max(most, level)
		}
	}
	return most
}

// pythonLevel returns the name and the number that Python's logging package has for a level.
func pythonLevel(l logrus.Level) (name string, number int) {
	switch l {
	case logrus.TraceLevel, logrus.DebugLevel:
		return "DEBUG", 10
	case logrus.InfoLevel:
		return "INFO", 20
	case logrus.WarnLevel:
		return "WARNING", 30
	case logrus.ErrorLevel:
		return "ERROR", 40
	case logrus.FatalLevel, logrus.PanicLevel:
	}
	return "CRITICAL", 50
}
