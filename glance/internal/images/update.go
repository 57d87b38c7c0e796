package images

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

// attempts bounds how often a change is decided anew because the image changed under it; it waits up to pause in
// between, and longer each time, for the others to get through.
const (
	attempts = 50
	pause    = 10 * time.Millisecond
)

// errStale says that an image is not what the checks have seen.
var errStale = errors.New("the image has changed meanwhile")

// again runs decide until it is not too late with what it decided.
func again(ctx context.Context, decide func() error) error {
	for n := range attempts {
		err := decide()
		if !errors.Is(err, errStale) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(pause * time.Duration(n+1))):
		}
	}
	return fault.New(fault.Conflict, "the image is changing too fast")
}

// Update lets edit change an image and saves it (spec images-api 4.4). What edit and the policy have seen is what is
// changed: should somebody else be quicker, edit runs again on the new state, so changes of different things all
// survive (spec security S17). An edit that does nothing saves nothing.
func (s *Images) Update(ctx context.Context, id string, edit func(*Draft) error) (*View, error) {
	if err := writable(ctx); err != nil {
		return nil, err
	}
	var v *View
	err := again(ctx, func() error {
		img, err := s.visible(ctx, id)
		if err != nil {
			return err
		}
		d := s.draft(ctx, img)
		if err := edit(d); err != nil {
			return err
		}
		if d.touched {
			img, err = s.save(ctx, d)
		}
		if err == nil {
			v = s.view(ctx, img)
		}
		return err
	})
	return v, err
}

// save writes the difference that a draft makes.
func (s *Images) save(ctx context.Context, d *Draft) (*image.Image, error) {
	if err := s.enforce(ctx, "modify_image", d.seen); err != nil {
		return nil, err
	}
	change := d.change()
	if err := s.checkChange(d, change); err != nil {
		return nil, err
	}
	var saved *image.Image
	err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		if err := tx.UpdateImage(ctx, d.seen.ID, change); err != nil {
			return stale(err)
		}
		if err := tx.SetLocationStatus(ctx, d.seen.ID, ids(d.gone()), image.PendingDelete); err != nil {
			return err
		}
		if len(change.AddLocs) > 0 {
			if err := s.checkQuota(ctx, tx, "", 0); err != nil {
				return err
			}
		}
		saved, err = tx.Image(ctx, d.seen.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.dropData(ctx, d); err != nil {
		s.takeBack(ctx, d, saved)
		return nil, err
	}
	s.tell(ctx, "image.update", saved, nil)
	return saved, nil
}

// takeBack undoes a change that was saved although the store would not let go of the data that it removes: of a change
// all is done or nothing (spec images-api 4.4). What somebody else has changed since stays, and with it this change.
func (s *Images) takeBack(ctx context.Context, d *Draft, saved *image.Image) {
	ctx = context.WithoutCancel(ctx)
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		now, err := tx.Image(ctx, saved.ID)
		if err != nil {
			return err
		}
		expected := *saved
		expected.Locations = now.Locations // with those that came back
		undo := Draft{images: s, ctx: ctx, seen: &expected, now: *d.seen}
		change := undo.change()
		change.At = d.seen.UpdatedAt
		return tx.UpdateImage(ctx, saved.ID, change)
	})
	if err != nil {
		s.Log.WithError(err).WithField("image", saved.ID).Warn("a change of an image stays although it has failed")
	}
}

// stale recognises a change that came too late.
func stale(err error) error {
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return errors.Join(errStale, err)
	}
	return err
}

// checkChange applies the property quota and refuses what the database cannot hold (spec images-api 4.4, saving).
func (s *Images) checkChange(d *Draft, c db.Change) error {
	added := false
	for name := range c.SetProps {
		_, had := d.seen.Properties[name]
		added = added || !had
	}
	if n := len(d.now.Properties); added && exceeds(n, s.Options.PropertyQuota) {
		return fault.New(fault.TooLarge, "%d properties are more than the %d an image may have", n, s.Options.PropertyQuota)
	}
	fresh := image.Image{
		MinDisk: d.now.MinDisk, MinRAM: d.now.MinRAM, Name: d.now.Name, Owner: d.now.Owner,
		Tags: c.AddTags, Properties: c.SetProps, Locations: c.AddLocs,
	}
	return checkValues(&fresh)
}

// change returns the difference between what was seen and what shall be.
func (d *Draft) change() db.Change {
	was, now := d.seen, &d.now
	c := db.Change{If: was, Set: map[db.Column]any{}, SetProps: map[string]*string{}}
	if now.Status != was.Status {
		c.Status = now.Status
	}
	differ(c.Set, db.ColName, was.Name, now.Name)
	differ(c.Set, db.ColOwner, was.Owner, now.Owner)
	differ(c.Set, db.ColContainerFormat, was.ContainerFormat, now.ContainerFormat)
	differ(c.Set, db.ColDiskFormat, was.DiskFormat, now.DiskFormat)
	differ(c.Set, db.ColSize, was.Size, now.Size)
	differ(c.Set, db.ColVirtualSize, was.VirtualSize, now.VirtualSize)
	differ(c.Set, db.ColVisibility, &was.Visibility, &now.Visibility)
	differ(c.Set, db.ColProtected, &was.Protected, &now.Protected)
	differ(c.Set, db.ColMinDisk, &was.MinDisk, &now.MinDisk)
	differ(c.Set, db.ColMinRAM, &was.MinRAM, &now.MinRAM)
	for name, value := range now.Properties {
		if old, had := was.Properties[name]; !had || !equal(old, value) {
			c.SetProps[name] = value
		}
	}
	for name := range was.Properties {
		if _, kept := now.Properties[name]; !kept {
			c.DropProps = append(c.DropProps, name)
		}
	}
	c.AddTags, c.DropTags = missing(now.Tags, was.Tags), missing(was.Tags, now.Tags)
	c.AddLocs, c.DropLocs = d.movedLocations()
	return c
}

func differ[T comparable](set map[db.Column]any, column db.Column, was, now *T) {
	switch {
	case equal(was, now):
	case now == nil:
		set[column] = nil
	default:
		set[column] = *now
	}
}

func equal[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// missing returns what is in all and not in some.
func missing(all, some []string) []string {
	var rest []string
	for _, text := range all {
		if !slices.Contains(some, text) {
			rest = append(rest, text)
		}
	}
	return rest
}

// mine refuses a caller who may see an image and not change it.
func (s *Images) mine(ctx context.Context, img *image.Image) error {
	if !img.MutableBy(s.viewer(auth.From(ctx))) {
		return fault.New(fault.Forbidden, "the image belongs to somebody else")
	}
	return nil
}
