package operator

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
)

// manageCommand is the tool for what is in the database: its tables, and the metadata definitions (spec storage-db 4).
func manageCommand() *cobra.Command {
	const program = "glance-manage"
	cmd := &cobra.Command{
		Use:   program + " [flags] CATEGORY ACTION [ARGUMENTS]",
		Short: "Make and upgrade the tables of the database, purge them, load metadata definitions",
		Long: `glance-manage works on the database that the configuration files name: those of --config-file, or else
glance-registry.conf, glance-api.conf and glance-manage.conf where Glance looks for them (~/.glance, ~, /etc/glance,
/etc), of which the later ones win.

There is one category, db. Arguments are flags, or values in the order of the flags. Older spellings, with an underscore
in place of a blank (db_sync), take the same. It ends with code 0 after success, 1 when something failed, 2 for a command
line that makes no sense.`,
		Args: cobra.ArbitraryArgs, // or cobra would judge them, with another exit code
	}
	m := &manage{newCommandLine(program)}
	m.line.flags(cmd)
	cmd.PersistentFlags().AddFlagSet(cmd.Flags())
	cmd.SetGlobalNormalizationFunc(spelling)
	cmd.Version = reference
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			say(cmd, "%s category action [<args>]\nAvailable categories:\n\tdb", cmd.CommandPath())
		}
		return unknown("category", args)
	}
	db := &cobra.Command{Use: "db", Short: "Work on the database", Args: cobra.ArbitraryArgs}
	db.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			cmd.Print(cmd.UsageString())
		}
		return unknown("action", args)
	}
	cmd.AddCommand(db)
	for _, a := range m.actions() {
		db.AddCommand(a.command(a.name))
		if !a.late {
			old := a.command("db_" + a.name)
			old.Hidden = true
			cmd.AddCommand(old)
		}
	}
	return cmd
}

// manage is the tool with the command line of the process.
type manage struct{ line *commandLine }

// errUsage is in errors of command lines that make no sense.
var errUsage = errors.New("wrong command line")

// say prints a line of a command's result.
func say(cmd *cobra.Command, format string, args ...any) {
	fmt.Fprintf(cmd.OutOrStdout(), format+"\n", args...) //nolint:errcheck // there is no one else to tell
}

// unknown refuses what was given in the place of a category or an action.
func unknown(what string, args []string) error {
	if len(args) == 0 {
		return exitCode(exitUsage)
	}
	return fmt.Errorf("%w: there is no %s %q", errUsage, what, args[0])
}

// action is one thing that the tool does.
type action struct {
	name, short string
	arguments   []argument
	late        bool // it has no older spelling
	run         func(cmd *cobra.Command) error
}

// argument is a flag, or the value in its place.
type argument struct {
	name, help string
	truth      bool   // a flag without a value; in its place any text that is not empty means yes
	number     string // of a whole number: its default
}

func (a action) command(name string) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: a.short, Args: a.values}
	for _, arg := range a.arguments {
		switch {
		case arg.truth:
			cmd.Flags().Bool(arg.name, false, arg.help)
		case arg.number != "":
			text := number(arg.number)
			cmd.Flags().Var(&text, arg.name, arg.help)
		default:
			cmd.Flags().String(arg.name, "", arg.help)
		}
		cmd.Use += " [" + arg.name + "]"
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.run(cmd) }
	return cmd
}

// values sets the flags that are given as values in their places.
func (a action) values(cmd *cobra.Command, values []string) error {
	if len(values) > len(a.arguments) {
		return fmt.Errorf("%w: %q is one value too many", errUsage, values[len(a.arguments)])
	}
	for i, text := range values {
		arg := a.arguments[i]
		if cmd.Flags().Changed(arg.name) {
			return fmt.Errorf("%w: %s is given twice", errUsage, arg.name)
		}
		if arg.number != "" && !whole(text) {
			return fmt.Errorf("Invalid int value for %s: %s", arg.name, text) //nolint:staticcheck // the reference's words
		}
		if arg.truth {
			text = strconv.FormatBool(text != "")
		}
		if err := cmd.Flags().Set(arg.name, text); err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
	}
	return nil
}

// actions is the list.
func (m *manage) actions() []action {
	path := argument{name: "path", help: "`file` or folder (default: metadata_source_path in the configuration)"}
	target := []argument{{name: "version", help: "`revision` to go to (default pike01)"}}
	stamp := []argument{{name: "version", help: "`revision` that the tables are at (default liberty)"}}
	load := []argument{
		path,
		{name: "merge", help: "add to namespaces that are there what they lack", truth: true},
		{name: "prefer_new", help: "with merge: also bring what is there to the state of the files", truth: true},
		{name: "overwrite", help: "with merge: delete namespaces that are there, and make them anew", truth: true},
	}
	limits := func(days string) []argument {
		return []argument{{name: "age_in_days", help: "`days` since the deletion", number: days},
			{name: "max_rows", help: "most `rows` of each table, the oldest", number: "100"}}
	}
	return []action{
		{name: "version", short: "Print the revision of the database", run: m.version},
		{name: "sync", short: "Make the tables, or upgrade those of Liberty and later, while no service runs", arguments: target, run: m.sync},
		{name: "upgrade", short: "The same as sync", arguments: target, run: m.sync},
		{name: "version_control", short: "Only have the database name a revision", arguments: stamp, run: m.versionControl},
		{name: "expand", short: "Rolling upgrade, first: add what the new release needs", run: m.expand},
		{name: "migrate", short: "Rolling upgrade, second: bring the data into its new form", run: m.migrate},
		{name: "contract", short: "Rolling upgrade, last: remove what only the old release needs", run: m.contract},
		{name: "check", short: "Say what is to be done next, also by exit code: 0 nothing, 3 expand, 4 migrate, 5 contract", run: m.check},
		{name: "load_metadefs", short: "Load metadata definitions from files", arguments: load, run: m.loadMetadefs},
		{name: "unload_metadefs", short: "Delete all metadata definitions, whoever made them", run: m.unloadMetadefs},
		{name: "export_metadefs", short: "Write metadata definitions to files", arguments: []argument{path}, run: m.exportMetadefs},
		{name: "write_shipped_metadefs", short: "Write the files of definitions that come with this program",
			arguments: []argument{path}, late: true, run: m.writeMetadefs},
		{name: "purge", short: "Remove rows for good that were deleted long ago", arguments: limits("30"), late: true, run: m.purge},
		{name: "purge_images_table", short: "The same, of the table images only", arguments: limits("180"), late: true, run: m.purge},
	}
}
