package glance_test

import (
	"context"
	"io"

	"goglance/glance"
	"goglance/glance/store"
)

// broken is a store some of whose calls fail.
type broken struct {
	store.Driver
	store.Writer
	open, remove, add error
}

func (b *broken) Put(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error) {
	if b.add != nil {
		return store.Stored{}, b.add
	}
	return b.Writer.Put(ctx, o, body)
}

func (b *broken) Open(ctx context.Context, url string, off, n int64) (store.Body, error) {
	if b.open != nil {
		return store.Body{}, b.open
	}
	return b.Driver.Open(ctx, url, off, n)
}

func (b *broken) Delete(ctx context.Context, url string) error {
	if b.remove != nil {
		return b.remove
	}
	return b.Writer.Delete(ctx, url)
}

// breakable puts b before the store of a service.
func breakable(b *broken) func(*glance.Config) {
	return func(c *glance.Config) {
		b.Driver = c.Stores.Default().Driver
		b.Writer, _ = b.Driver.(store.Writer)
		only(c, b)
	}
}

// only makes d the one store.
func only(c *glance.Config, d store.Driver) {
	set, err := store.NewSet("file", store.Named{Name: "file", Driver: d})
	if err != nil {
		panic(err) // a mistake in the test
	}
	c.Stores = set
}
