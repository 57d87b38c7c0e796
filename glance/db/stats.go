package db

import (
	"time"

	"github.com/jmoiron/sqlx"
)

// Pool is the state of a pool of connections.
type Pool struct {
	Open, InUse, Idle int           // connections
	Waits             int64         // how often somebody waited for one, in all
	Waited            time.Duration // how long, in all
}

// Pools returns the state of the connections by what they are for: "reads" and "writes", which with a server are the
// same ones.
func (d *DB) Pools() map[string]Pool {
	return map[string]Pool{"reads": poolOf(d.readers), "writes": poolOf(d.writer)}
}

func poolOf(d *sqlx.DB) Pool {
	s := d.Stats()
	return Pool{s.OpenConnections, s.InUse, s.Idle, s.WaitCount, s.WaitDuration}
}
