package operator

import (
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"goglance/glance/config"
)

// commandLine gathers what a command line says of the configuration.
type commandLine struct{ config.Sources }

func newCommandLine(program string) *commandLine {
	return &commandLine{config.Sources{Program: program, Environ: os.Environ()}}
}

// flags adds the options of the reference's command lines (spec operations 3).
func (c *commandLine) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(place{&c.Sources, false}, "config-file", "configuration `file`, INI or TOML; may be given several times, what later ones say wins")
	f.Var(place{&c.Sources, true}, "config-dir", "`folder` of configuration files, read in the order of their names")
	c.boolean(f, "debug", "d", "log more")
	c.text(f, "log-file", "`file` to log to")
	c.text(f, "log-dir", "`folder` of the log file")
	c.text(f, "log-date-format", "`form` of the time in a line of the log")
	c.text(f, "log-config-append", "accepted and without effect: it configures Python's logging package")
	c.text(f, "syslog-log-facility", "`facility` of the lines in syslog")
	c.boolean(f, "use-syslog", "", "log to syslog")
	c.boolean(f, "use-journal", "", "log to the journal of systemd")
	c.boolean(f, "use-json", "", "log in JSON")
	c.boolean(f, "watch-log-file", "", "accepted: a log file that was moved is noticed in any case")
	f.SetNormalizeFunc(spelling)
	cmd.Version = version()
	cmd.SetVersionTemplate("{{.Version}}\n")
}

// spelling knows the other names of the reference's options.
func spelling(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	name = strings.ReplaceAll(name, "_", "-")
	switch name {
	case "logfile":
		name = "log-file"
	case "logdir":
		name = "log-dir"
	case "log-config":
		name = "log-config-append"
	}
	return pflag.NormalizedName(name)
}

func (c *commandLine) text(f *pflag.FlagSet, name, help string) {
	f.Var(setting{&c.Sources, option(name), ""}, name, help)
}

// boolean adds an option and its opposite, --noNAME.
func (c *commandLine) boolean(f *pflag.FlagSet, name, short, help string) {
	f.VarPF(setting{&c.Sources, option(name), "true"}, name, short, help).NoOptDefVal = "true"
	f.VarPF(setting{&c.Sources, option(name), "false"}, "no"+name, "", "the opposite of --"+name).NoOptDefVal = "true"
}

func option(flag string) string { return strings.ReplaceAll(flag, "-", "_") }

// setting is a flag that sets an option of [DEFAULT].
type setting struct {
	from  *config.Sources
	name  string
	fixed string // the value, of a flag that takes none
}

// Set takes the value.
func (s setting) Set(text string) error {
	if s.fixed != "" {
		given, err := strconv.ParseBool(text)
		if err != nil || !given {
			return err
		}
		text = s.fixed
	}
	s.from.Set("DEFAULT", s.name, text)
	return nil
}

// String returns nothing: a flag has no default of its own.
func (s setting) String() string { return "" }

// Type is for the help.
func (s setting) Type() string {
	if s.fixed != "" {
		return "bool"
	}
	return "string"
}

// place is a flag that names a file or a folder to read.
type place struct {
	from *config.Sources
	dir  bool
}

// Set takes a path.
func (p place) Set(path string) error {
	p.from.Named = append(p.from.Named, config.Place{Path: path, Dir: p.dir})
	return nil
}

// String returns nothing.
func (p place) String() string { return "" }

// Type is for the help.
func (p place) Type() string { return "path" }
