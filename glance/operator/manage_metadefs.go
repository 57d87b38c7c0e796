package operator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"goglance/glance/deffile"
)

// errEmpty is said of a database without tables.
var errEmpty = errors.New(`the database is empty; "glance-manage db sync" makes its tables`)

// definitions is on for actions that need the tables.
func (m *manage) definitions(cmd *cobra.Command, act func(context.Context, *upkeep) error) error {
	return m.on(cmd, func(ctx context.Context, u *upkeep) error {
		ready, err := u.ready(ctx)
		if err == nil && !ready {
			err = errEmpty
		}
		if err != nil {
			return err
		}
		return act(ctx, u)
	})
}

// place returns the path of the command line, or else of the configuration, and whether anybody named it.
func (u *upkeep) place(cmd *cobra.Command) (path string, named bool, err error) {
	if path, err = cmd.Flags().GetString("path"); err != nil || path != "" {
		return path, true, err
	}
	return u.Metadefs.SourcePath, u.IsSet("DEFAULT", "metadata_source_path"), nil
}

// loadMetadefs ends well when options do not go together or there is nothing to load, as scripts know it from the
// reference (spec metadefs 15.1, 15.2); a file that is bad is a failure.
func (m *manage) loadMetadefs(cmd *cobra.Command) error {
	return m.definitions(cmd, func(ctx context.Context, u *upkeep) error {
		done, err := u.load(ctx, cmd)
		if errors.Is(err, deffile.ErrOptions) || errors.Is(err, deffile.ErrNoFiles) {
			u.log.Error(err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("no definitions were loaded: %w", err)
		}
		u.tell(done)
		return nil
	})
}

// load loads the definitions that come with this program where nobody names others and the reference's package, which has
// files in the default folder, is not installed.
func (u *upkeep) load(ctx context.Context, cmd *cobra.Command) (*deffile.Loaded, error) {
	o, err := loadOptions(cmd)
	if err != nil {
		return nil, err
	}
	path, named, err := u.place(cmd)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); !named && errors.Is(err, fs.ErrNotExist) {
		u.log.Infof("there is no %q: loading the definitions that come with this program", path)
		return deffile.LoadShipped(ctx, u.db, o)
	}
	return deffile.Load(ctx, u.db, path, o)
}

func loadOptions(cmd *cobra.Command) (o deffile.Options, err error) {
	for name, field := range map[string]*bool{"merge": &o.Merge, "prefer_new": &o.PreferNew, "overwrite": &o.Overwrite} {
		if *field, err = cmd.Flags().GetBool(name); err != nil {
			return o, err
		}
	}
	return o, o.Check()
}

func (u *upkeep) tell(done *deffile.Loaded) {
	for _, w := range done.Warnings {
		u.log.Warn(w)
	}
	for _, list := range []struct {
		what  string
		names []string
	}{
		{"was there already, its file is skipped", done.Skipped}, {"is loaded", done.New},
		{"is merged with its file", done.Merged}, {"is replaced", done.Replaced},
	} {
		for _, name := range list.names {
			u.log.Infof("namespace %q %s", name, list.what)
		}
	}
}

func (m *manage) unloadMetadefs(cmd *cobra.Command) error {
	return m.definitions(cmd, func(ctx context.Context, u *upkeep) error {
		tables, err := deffile.Unload(ctx, u.db)
		if err != nil {
			return fmt.Errorf("nothing was deleted: %w", err)
		}
		for _, t := range tables {
			u.log.Infof("%d rows of %s are deleted", t.Rows, t.Table)
		}
		return nil
	})
}

func (m *manage) exportMetadefs(cmd *cobra.Command) error {
	return m.definitions(cmd, func(ctx context.Context, u *upkeep) error {
		path, _, err := u.place(cmd)
		if err != nil {
			return err
		}
		files, err := deffile.Export(ctx, u.db, path)
		u.written(files)
		return err
	})
}

// writeMetadefs needs no database.
func (m *manage) writeMetadefs(cmd *cobra.Command) error {
	return m.do(func(u *upkeep) error {
		path, _, err := u.place(cmd)
		if err != nil {
			return err
		}
		files, err := deffile.WriteShipped(path)
		u.written(files)
		return err
	})
}

func (u *upkeep) written(files []string) {
	for _, file := range files {
		u.log.Infof("%q is written", file)
	}
}
