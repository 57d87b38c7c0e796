package db

import (
	"context"

	"goglance/glance/image"
)

// Asked is a query that was asked.
type Asked struct {
	Text string
	Args []any
}

// AskedFor returns what Images asks for a page, for tests that look at how an engine answers it.
func (d *DB) AskedFor(ctx context.Context, q image.Query) ([]Asked, error) {
	r, reads := recorded(d)
	_, err := reads.Images(ctx, q)
	return r.texts(), err
}

// AskedForUsage is AskedFor of Usage.
func (d *DB) AskedForUsage(ctx context.Context, owner string) ([]Asked, error) {
	r, reads := recorded(d)
	_, err := reads.Usage(ctx, owner, "")
	return r.texts(), err
}

func (r *recorder) texts() []Asked {
	var all []Asked
	for _, q := range r.asked {
		all = append(all, Asked{q.text, q.args})
	}
	return all
}
