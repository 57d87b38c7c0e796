package logs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"goglance/glance/auth"
	"goglance/glance/operator/logs"
	"goglance/glance/option"
	"goglance/glance/settings"
)

// open returns a log with the default options, changed by change, and what it writes to standard error.
func open(t *testing.T, change func(*settings.Log)) (*logs.Log, *bytes.Buffer) {
	t.Helper()
	var o settings.Log
	if err := option.SetDefaults(&o); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&o)
	}
	out := new(bytes.Buffer)
	l, err := logs.Open(o, "glance-api", out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, out
}

const stamp = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \d+ `

// TestFormats: lines have the forms of oslo.log (spec operations 11).
func TestFormats(t *testing.T) {
	t.Parallel()
	who := &auth.Identity{UserID: "u", ProjectID: "p", ProjectDomainID: "d"}
	rows := []struct {
		change func(*settings.Log)
		write  func(*logs.Log)
		want   string
	}{
		{nil, func(l *logs.Log) { l.Info("hello") }, `^` + stamp + `INFO glance\.api \[-\] hello\n$`},
		{nil, func(l *logs.Log) { l.WithField(logs.Logger, "glance.x").Warn("hello") }, `^` + stamp + `WARNING glance\.x \[-\] hello\n$`},
		{nil, func(l *logs.Log) { l.WithError(errors.New("why")).WithField("k", "a b").Error("m") }, ` ERROR glance\.api \[-\] m: why k="a b"\n$`},
		{nil, func(l *logs.Log) { l.WithField(logs.Request, "req-1").Info("m") }, ` \[req-1 - - - - -\] m\n$`},
		{nil, func(l *logs.Log) {
			l.WithContext(auth.WithIdentity(context.Background(), who)).WithField(logs.Request, "req-1").Info("m")
		}, ` \[req-1 u p - - d\] m\n$`},
		{nil, func(l *logs.Log) { l.WithField("x", logs.Details{"hidden": 1}).Info("m") }, ` m\n$`},
		{nil, func(l *logs.Log) { l.WithField("stack", "one\ntwo\x1b\n").Error("m") },
			` ERROR glance\.api \[-\] m\n` + stamp + `ERROR glance\.api one\n` + stamp + `ERROR glance\.api two\\x1b\n$`},
		{nil, func(l *logs.Log) { l.Debug("m") }, `^$`},
		{func(o *settings.Log) { o.Debug = true }, func(l *logs.Log) { l.Debug("m") },
			` DEBUG glance\.api \[-\] m logs_test\.TestFormats\S* \S+/logs_test\.go:\d+\n$`},
		{func(o *settings.Log) { o.Debug = true }, func(l *logs.Log) { l.Info("m") }, ` INFO glance\.api \[-\] m\n$`},
		{func(o *settings.Log) { o.Levels = []string{"a=ERROR", "a.b=INFO"} }, func(l *logs.Log) {
			for _, name := range []string{"a", "a.b", "a.c", "ab"} {
				l.WithField(logs.Logger, name).Info(name)
			}
		}, `^\S+ \S+ \d+ INFO a\.b \[-\] a\.b\n\S+ \S+ \d+ INFO ab \[-\] ab\n$`},
		{func(o *settings.Log) {
			o.PlainFormat, o.DateFormat = "%(asctime)s|%(levelname)-8s|%(levelno)04d|%(nothing)s|100%%|%(message)s", "%y%m%d %H"
		},
			func(l *logs.Log) { l.Warn("m") }, `^\d{6} \d\d\|WARNING \|0030\|\|100%\|m\n$`},
		{func(o *settings.Log) {
			o.UserIdentity, o.Format = "%(user)s/%(project)s", "%(user_identity)s %(message)s"
		},
			func(l *logs.Log) { l.WithField(logs.Request, "r").Info("m") }, `^-/- m\n$`},
	}
	for _, row := range rows {
		l, out := open(t, row.change)
		row.write(l)
		if !regexp.MustCompile(row.want).MatchString(out.String()) {
			t.Errorf("%q does not match %s", out, row.want)
		}
	}
}

// TestJSON: one object a line, with the names of oslo.log's.
func TestJSON(t *testing.T) {
	t.Parallel()
	l, out := open(t, func(o *settings.Log) { o.JSON = true })
	ctx := auth.WithIdentity(t.Context(), &auth.Identity{UserID: "u", ProjectID: "p"})
	l.WithContext(ctx).WithError(errors.New("why")).WithFields(logrus.Fields{
		logs.Request: "req-1", "k": 1, "stack": "a\nb\n", "x": logs.Details{"bytes": 7},
	}).Error("m\nn")
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("not one line: %q", out)
	}
	var got struct {
		Message, Levelname, Name, Error string
		Summary                         string `json:"error_summary"`
		Context                         struct {
			Request       string `json:"request_id"`
			User, Project string
		}
		Traceback []string
		Extra     map[string]any
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got.Message != "m\nn" || got.Levelname != "ERROR" || got.Name != "glance.api" || got.Summary != "why" ||
		got.Context.Request != "req-1" || got.Context.User != "u" || got.Context.Project != "p" ||
		len(got.Traceback) != 2 || got.Extra["k"] != "1" || got.Extra["bytes"] != 7.0 {
		t.Errorf("%+v", got)
	}
}

// TestSecLogInjection: one event is one line of printable characters, in both forms (S108).
func TestSecLogInjection(t *testing.T) {
	t.Parallel()
	hostile := "a\r\n2026-01-01 ERROR fake\x1b[31m\u2028b\u0085c\u202ed\x00\xff\u009b1m\U000e0041"
	for _, asJSON := range []bool{false, true} {
		l, out := open(t, func(o *settings.Log) { o.JSON = asJSON })
		l.WithError(errors.New(hostile)).WithFields(logrus.Fields{
			logs.Request: hostile, "k": hostile, hostile: "v", "x": logs.Details{"y": hostile},
		}).WithContext(auth.WithIdentity(t.Context(), &auth.Identity{UserID: hostile})).Error(hostile)
		text := strings.TrimSuffix(out.String(), "\n")
		for _, bad := range []string{"\r", "\n", "\x1b", "\u2028", "\u0085", "\u202e", "\x00", "\xff", "\u009b", "\U000e0041"} {
			if strings.Contains(text, bad) {
				t.Errorf("JSON %v: %q is in the line %q", asJSON, bad, text)
			}
		}
		if asJSON && !json.Valid([]byte(text)) {
			t.Errorf("no JSON: %s", text)
		}
	}
}

// TestFile: the file is made at once, appended to, and noticed when it is moved or removed.
func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, moved := filepath.Join(dir, "glance-api.log"), filepath.Join(dir, "moved")
	if err := os.WriteFile(path, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, errs := open(t, func(o *settings.Log) { o.LogDir = dir })
	l.Info("one")
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	l.Info("two")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	l.Info("three")
	for name, want := range map[string]string{moved: `^before\n.* one\n$`, path: `^.* three\n$`} {
		text, err := os.ReadFile(name)
		if err != nil || !regexp.MustCompile(want).Match(text) {
			t.Errorf("%s: %v %q", name, err, text)
		}
	}
	if errs.Len() > 0 {
		t.Errorf("on standard error: %s", errs)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestPlaces: where the options have the log go.
func TestPlaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "abs.log")
	rows := []struct {
		change func(*settings.Log)
		path   string
		stderr bool
	}{
		{nil, "", true},
		{func(o *settings.Log) { o.LogDir = dir }, filepath.Join(dir, "glance-api.log"), false},
		{func(o *settings.Log) { o.LogDir, o.LogFile = dir, "x.log" }, filepath.Join(dir, "x.log"), false},
		{func(o *settings.Log) { o.LogDir, o.LogFile = dir, elsewhere }, elsewhere, false},
		{func(o *settings.Log) { o.LogFile, o.Stderr = filepath.Join(dir, "y.log"), true }, filepath.Join(dir, "y.log"), true},
	}
	for _, row := range rows {
		l, errs := open(t, row.change)
		l.Info("m")
		if row.path != "" {
			if text, err := os.ReadFile(row.path); err != nil || !strings.HasSuffix(string(text), " m\n") {
				t.Errorf("%s: %v %q", row.path, err, text)
			}
		}
		if (errs.Len() > 0) != row.stderr {
			t.Errorf("%s: on standard error: %q", row.path, errs)
		}
	}
}

// TestRefuses: options that make no sense are named.
func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*settings.Log){
		"default_log_levels":            func(o *settings.Log) { o.Levels = []string{"glance"} },
		"LOUD":                          func(o *settings.Log) { o.Levels = []string{"glance=LOUD"} },
		"logging_context_format_string": func(o *settings.Log) { o.Format = "%(message)" },
		"logging_debug_format_suffix":   func(o *settings.Log) { o.DebugSuffix = "100% %(message)s" },
		"syslog_log_facility":           func(o *settings.Log) { o.Syslog, o.Facility = true, "LOG_NOWHERE" },
		"log file":                      func(o *settings.Log) { o.LogFile = "/proc/nowhere/x.log" },
	} {
		var o settings.Log
		if err := option.SetDefaults(&o); err != nil {
			t.Fatal(err)
		}
		change(&o)
		if l, err := logs.Open(o, "p", new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
}

// TestSystem: syslog and journal take lines where they are there, and are refused by name where they are not.
func TestSystem(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*settings.Log){
		"use_syslog":  func(o *settings.Log) { o.Syslog = true },
		"use_journal": func(o *settings.Log) { o.Journal = true },
	} {
		var o settings.Log
		if err := option.SetDefaults(&o); err != nil {
			t.Fatal(err)
		}
		change(&o)
		errs := new(bytes.Buffer)
		l, err := logs.Open(o, "glance-test", errs)
		if err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		for _, level := range []logrus.Level{logrus.InfoLevel, logrus.WarnLevel, logrus.ErrorLevel} {
			l.Log(level, "a test")
		}
		if err := l.Close(); err != nil || errs.Len() > 0 {
			t.Errorf("%s: %v, %s", name, err, errs)
		}
	}
}

// FuzzLine: whatever is logged, it is one line.
func FuzzLine(f *testing.F) {
	f.Add("text", "%(message)s")
	f.Add("a\nb", "%(name)5s %% %(lineno)d")
	f.Fuzz(func(t *testing.T, text, format string) {
		var o settings.Log
		if err := option.SetDefaults(&o); err != nil {
			t.Fatal(err)
		}
		o.PlainFormat = "x " + strings.ReplaceAll(format, "\n", "")
		out := new(bytes.Buffer)
		l, err := logs.Open(o, "p", out)
		if err != nil {
			return
		}
		l.WithField("k", text).Info(text)
		if strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%q", out)
		}
	})
}
