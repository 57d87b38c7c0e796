package operator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"goglance/glance/config"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/operator/logs"
)

// errOlder is added to what is said of a database that is not one of this release.
var errOlder = errors.New(`"glance-manage db check" says what is to be done with a database of an older release`)

// newest is the revision that sync goes to.
const newest = "pike01"

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
	s.DB.Patient = true
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

// sync makes the tables of an empty database, and of an SQLite file that is not there yet, or upgrades them.
func (m *manage) sync(cmd *cobra.Command) error {
	return m.do(func(u *upkeep) error {
		target, err := cmd.Flags().GetString("version")
		if err != nil {
			return err
		}
		if target == "" {
			target = newest
		}
		return u.open(cmd.Context(), func(ctx context.Context, u *upkeep) error {
			if err := u.db.Upgrade(ctx, target, u.teller(cmd)); err != nil {
				return legacyHead(cmd, err)
			}
			return u.upgraded(ctx, cmd, target)
		})
	})
}

// teller tells of the steps of an upgrade, those that the reference's tool logs in the words that others look for.
func (u *upkeep) teller(cmd *cobra.Command) func(db.Step) {
	log := u.log.WithField(logs.Logger, "alembic.runtime.migration")
	return func(s db.Step) {
		if s.Legacy == 0 {
			log.Infof("Running upgrade %s -> %s", s.From, s.To)
			return
		}
		say(cmd, "Database is currently not under Alembic's migration control.\n"+
			"Placing database under Alembic's migration control at revision: %s", s.To)
	}
}

// legacyHead prints the number of a database that is too old.
func legacyHead(cmd *cobra.Command, err error) error {
	var legacy db.LegacyError
	if errors.As(err, &legacy) {
		say(cmd, "Legacy head: %d", int(legacy))
	}
	return err
}

// upgraded says where the database is now.
func (u *upkeep) upgraded(ctx context.Context, cmd *cobra.Command, target string) error {
	revisions, err := u.db.Revisions(ctx)
	if err != nil {
		return err
	}
	done := "Upgraded database to: " + target
	if target == db.Heads {
		done = "Upgraded database"
	}
	say(cmd, "%s, current revision(s): %s", done, strings.Join(revisions, ", "))
	return nil
}

func (m *manage) versionControl(cmd *cobra.Command) error {
	return m.do(func(u *upkeep) error {
		revision, err := cmd.Flags().GetString("version")
		if err != nil {
			return err
		}
		if revision == "" {
			revision = "liberty"
		}
		return u.open(cmd.Context(), func(ctx context.Context, u *upkeep) error {
			if err := u.db.Stamp(ctx, revision); err != nil {
				return err
			}
			say(cmd, "Placed database under migration control at revision: %s", revision)
			return nil
		})
	})
}

func (m *manage) expand(cmd *cobra.Command) error {
	return m.roll(cmd, (*db.DB).Expand, "pike_expand01", "expansion")
}

func (m *manage) contract(cmd *cobra.Command) error {
	return m.roll(cmd, (*db.DB).Contract, "pike_contract01", "contraction")
}

// roll takes one half of a rolling upgrade. Where nothing was to be done it says so, as later releases do.
func (m *manage) roll(cmd *cobra.Command, half func(*db.DB, context.Context, func(db.Step)) error, head, name string) error {
	return m.on(cmd, func(ctx context.Context, u *upkeep) error {
		steps, tell := 0, u.teller(cmd)
		err := half(u.db, ctx, func(s db.Step) { steps++; tell(s) })
		if err != nil {
			return legacyHead(cmd, err)
		}
		if steps == 0 {
			say(cmd, "Database %s is up to date. Nothing was to be done.", name)
			return nil
		}
		return u.upgraded(ctx, cmd, head)
	})
}

func (m *manage) migrate(cmd *cobra.Command) error {
	return m.on(cmd, func(ctx context.Context, u *upkeep) error {
		n, err := u.db.MigrateData(ctx)
		if err == nil {
			say(cmd, "Migrated %d rows", n)
		}
		return err
	})
}

// check says what is to be done next; its exit codes are those of later releases (spec storage-db 4.2).
func (m *manage) check(cmd *cobra.Command) error {
	const exitExpand, exitMigrate, exitContract = 3, 4, 5
	return m.on(cmd, func(ctx context.Context, u *upkeep) error {
		todo, err := u.db.Todo(ctx)
		if err != nil {
			return legacyHead(cmd, err)
		}
		switch todo {
		case db.ToExpand:
			say(cmd, `The database is empty, or of an older release. "glance-manage db sync" brings it up to date at once, `+
				`"glance-manage db expand" begins a rolling upgrade.`)
			return exitCode(exitExpand)
		case db.ToMigrate:
			say(cmd, `The database is expanded. "glance-manage db migrate" is to be run next.`)
			return exitCode(exitMigrate)
		case db.ToContract:
			say(cmd, `The database is expanded and its data migrated. "glance-manage db contract" is to be run next, `+
				`once no service of the older release runs.`)
			return exitCode(exitContract)
		}
		say(cmd, "The database is up to date. There is nothing to do.")
		return nil
	})
}
