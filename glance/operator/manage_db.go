package operator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"goglance/glance/config"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/operator/logs"
)

// errOlder is added to what is said of a database of an older release.
var errOlder = errors.New("upgrades of databases of older releases are not available yet")

// The revision that sync makes, and a name for the last ones there are.
const (
	newest = "pike01"
	heads  = "heads"
)

// exitExpand is the exit code of check where a database has to be brought up to date from the first step on.
const exitExpand = 3

// upkeep is an action under way.
type upkeep struct {
	*config.Settings
	log logrus.FieldLogger
	db  *db.DB
}

// do reads the configuration and runs an action. Its log goes to standard error too, unless the configuration says no:
// nobody looks for what a command has to say in the log of the service (spec storage-db 4.1).
func (m *manage) do(act func(*upkeep) error) (err error) {
	s, err := config.Load(m.line.Sources)
	if err != nil {
		return err
	}
	if !s.IsSet("DEFAULT", "use_stderr") {
		s.Log.Stderr = true
	}
	log, err := logs.Open(s.Log, s.Program, os.Stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return act(&upkeep{Settings: s, log: log.WithField(logs.Logger, "glance.manage")})
}

// on is do with the database open, which is not made when it is not there.
func (m *manage) on(cmd *cobra.Command, act func(context.Context, *upkeep) error) error {
	return m.do(func(u *upkeep) error {
		u.DB.Existing = true
		return u.open(cmd.Context(), act)
	})
}

func (u *upkeep) open(ctx context.Context, act func(context.Context, *upkeep) error) (err error) {
	if u.db, err = u.OpenDB(ctx, u.log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, u.db.Close()) }()
	return act(ctx, u)
}

// ready reports whether the tables are there, and refuses a database of another release.
func (u *upkeep) ready(ctx context.Context) (bool, error) {
	ready, err := u.db.Ready(ctx)
	if fault.Is(err, fault.Conflict) {
		err = fmt.Errorf("%w; %w", err, errOlder)
	}
	return ready, err
}

func (m *manage) version(cmd *cobra.Command) error {
	return m.on(cmd, func(ctx context.Context, u *upkeep) error {
		revisions, err := u.db.Revisions(ctx)
		if err == nil && len(revisions) == 0 {
			revisions = []string{"The database has no revision: it is empty, or still under the migration control of an older release. " +
				`"glance-manage db sync" brings it under control.`}
		}
		for _, revision := range revisions {
			say(cmd, "%s", revision)
		}
		return err
	})
}

// sync makes the tables of an empty database, and of an SQLite file that is not there yet.
func (m *manage) sync(cmd *cobra.Command) error {
	return m.do(func(u *upkeep) error {
		target, err := cmd.Flags().GetString("version")
		if err != nil {
			return err
		}
		if !slices.Contains([]string{"", newest, heads}, target) {
			return fmt.Errorf("cannot go to revision %q, only to %s: %w", target, newest, errOlder)
		}
		return u.open(cmd.Context(), func(ctx context.Context, u *upkeep) error {
			if err := u.migrate(ctx); err != nil {
				return err
			}
			revisions, err := u.db.Revisions(ctx)
			if err != nil {
				return err
			}
			done := "Upgraded database to: " + newest
			if target == heads {
				done = "Upgraded database"
			}
			say(cmd, "%s, current revision(s): %s", done, strings.Join(revisions, ", "))
			return nil
		})
	})
}

func (u *upkeep) migrate(ctx context.Context) error {
	ready, err := u.ready(ctx)
	if err != nil || ready {
		return err
	}
	u.log.Infof("making the tables of revision %s", newest)
	return u.db.Migrate(ctx)
}

func (m *manage) check(cmd *cobra.Command) error {
	return m.on(cmd, func(ctx context.Context, u *upkeep) error {
		ready, err := u.ready(ctx)
		if err != nil {
			return err
		}
		if !ready {
			say(cmd, `The database is empty. "glance-manage db sync" makes its tables.`)
			return exitCode(exitExpand)
		}
		say(cmd, "The database is up to date. There is nothing to do.")
		return nil
	})
}
