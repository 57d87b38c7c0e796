package operator

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"goglance/glance/db"
)

const day = 24 * time.Hour

// number is a flag for a whole number of any size.
type number string

// Set takes a number; what is none is a command line that makes no sense.
func (n *number) Set(text string) error {
	if !whole(text) {
		return fmt.Errorf("invalid int value: %q", text)
	}
	*n = number(text)
	return nil
}

// String returns the number.
func (n *number) String() string { return string(*n) }

// Type is for the help.
func (n *number) Type() string { return "int" }

func whole(text string) bool {
	_, ok := new(big.Int).SetString(strings.TrimSpace(text), 10)
	return ok
}

// limit returns the number of a flag; what an int64 does not hold is the nearest that it does.
func limit(cmd *cobra.Command, name string) int64 {
	n, _ := new(big.Int).SetString(strings.TrimSpace(cmd.Flags().Lookup(name).Value.String()), 10)
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// The refusals of limits, in the reference's words (spec storage-db 5).
var (
	errAge     = errors.New("Must supply a non-negative value for age.")                        //nolint:revive,staticcheck // as above
	errEpoch   = errors.New("Maximal age is count of days since epoch.")                        //nolint:revive,staticcheck // as above
	errRows    = errors.New("Minimal rows limit is 1.")                                         //nolint:revive,staticcheck // as above
	errMaxRows = errors.New("'max_rows' value out of range, must not exceed 2147483647.")       //nolint:revive,staticcheck // as above
	errPurge   = errors.New("Purge command failed, check glance-manage logs for more details.") //nolint:revive,staticcheck // as above
)

func checkLimits(days, rows int64, now time.Time) error {
	switch {
	case days < 0:
		return errAge
	case days >= now.Unix()/int64(day/time.Second):
		return errEpoch
	case rows < 1:
		return errRows
	case rows > math.MaxInt32:
		return errMaxRows
	}
	return nil
}

// purge removes rows that were deleted long ago: those of images with all that belongs to them and of tasks, or, as later
// releases part it, of the table images only.
func (m *manage) purge(cmd *cobra.Command) error {
	now, days, rows := time.Now(), limit(cmd, "age_in_days"), limit(cmd, "max_rows")
	if err := checkLimits(days, rows, now); err != nil {
		return err
	}
	return m.on(cmd, func(ctx context.Context, u *upkeep) error {
		ready, err := u.ready(ctx)
		if err == nil && !ready {
			err = errEmpty
		}
		if err != nil {
			return err
		}
		err = u.db.Purge(ctx, db.Purge{
			Before: now.Add(-time.Duration(days) * day), MaxRows: rows, Images: cmd.Name() == "purge_images_table",
			Begin: func(table string) {
				u.log.Infof("Purging deleted rows older than %d day(s) from table %s", days, table)
			},
			Done: func(table string, n int64) { u.log.Infof("Deleted %d row(s) from table %s", n, table) },
		})
		if err != nil {
			u.log.Errorf("DBError detected when purging: %v", err)
			return fmt.Errorf("%w %w", errPurge, err)
		}
		return nil
	})
}
