package images

import (
	"context"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/storable"
)

// last is the position of the last location of an image, or behind it.
const last = "-"

// AddLocation adds a location at a position: a number, from 0, or "-" for the end. Data that is behind it makes a
// queued image active (spec images-api 4.5).
func (d *Draft) AddLocation(position string, l image.Location) error {
	if err := d.locatable(image.Active, image.Queued); err != nil {
		return err
	}
	at, err := index(position, len(d.now.Locations))
	if err != nil {
		return err
	}
	if err := d.mayLocate("get_image_location", "set_image_location"); err != nil {
		return err
	}
	if err := d.locationQuota(len(d.now.Locations) + 1); err != nil {
		return err
	}
	if err := d.newLocation(l); err != nil {
		return err
	}
	d.now.Locations = slices.Insert(d.now.Locations, min(at, len(d.now.Locations)), l)
	if d.now.Status != image.Queued {
		return nil
	}
	if missing := d.now.MissingFormats(); missing != nil {
		return fault.New(fault.Invalid, "set %s before adding a location", strings.Join(missing, " and "))
	}
	d.now.Status = image.Active
	return nil
}

// ReplaceLocations replaces all locations. Where there are some already the new ones must have the same URLs: only
// their metadata and order change (spec images-api 4.5).
func (d *Draft) ReplaceLocations(list []image.Location) error {
	if len(list) == 0 {
		return fault.New(fault.Forbidden, "the locations of an image cannot be emptied")
	}
	if err := d.locatable(image.Active, image.Queued); err != nil {
		return err
	}
	rules := []string{"set_image_location"}
	if !contains(list, d.now.Locations) {
		rules = append(rules, "delete_image_location")
	}
	if err := d.mayLocate(rules...); err != nil {
		return err
	}
	if err := d.locationQuota(len(list)); err != nil {
		return err
	}
	if err := d.locationRoom(len(list)); err != nil {
		return err
	}
	had := d.now.Locations
	if len(had) > 0 && !slices.Equal(urls(had), urls(list)) {
		return fault.New(fault.Invalid, "the locations of an image can only be replaced by the same URLs")
	}
	d.now.Locations = nil
	for _, l := range list {
		if err := d.placeLocation(l, had); err != nil {
			return err
		}
	}
	return nil
}

// placeLocation puts one location of a replacement at the end: one that the image had, with new metadata, or a new one.
func (d *Draft) placeLocation(l image.Location, had []image.Location) error {
	if len(had) == 0 {
		if err := d.newLocation(l); err != nil {
			return err
		}
	} else if err := d.distinctLocation(l); err != nil {
		return err
	}
	same := func(old image.Location) bool { return sameLocation(old, l) }
	if i := slices.IndexFunc(had, same); i >= 0 {
		l = had[i]
	}
	d.now.Locations = append(d.now.Locations, l)
	return nil
}

// RemoveLocation removes the location at a position, and the data behind it.
func (d *Draft) RemoveLocation(position string) error {
	if err := d.locatable(image.Active); err != nil {
		return err
	}
	n := len(d.now.Locations)
	if n <= 1 {
		return fault.New(fault.Forbidden, "the last location of an image cannot be removed")
	}
	at, err := index(position, n)
	if err != nil {
		return err
	}
	if position == last {
		at = n - 1
	}
	if at >= n {
		return fault.New(fault.Invalid, "the image has no location at %s", position)
	}
	if err := d.mayLocate("get_image_location", "delete_image_location"); err != nil {
		return err
	}
	d.now.Locations = slices.Delete(d.now.Locations, at, at+1)
	return nil
}

// index reads a position among n locations. What is beyond the end is the end.
func index(position string, n int) (int, error) {
	if position == last {
		return n, nil
	}
	if position == "" || strings.Trim(position, "0123456789") != "" {
		return 0, fault.New(fault.Invalid, "the position of a location is a number or %q", last)
	}
	at, err := strconv.Atoi(position)
	if err != nil { // more than 63 bits
		at = n
	}
	return at, nil
}

// locatable begins every change of locations: it needs the option and a state of the image.
func (d *Draft) locatable(states ...image.Status) error {
	d.touched = true
	if !d.images.Options.ShowLocations {
		return fault.New(fault.Forbidden, "the locations of images are not shown here and cannot be changed")
	}
	if !slices.Contains(states, d.now.Status) {
		return fault.New(fault.Conflict, "the locations of an image that is %s cannot be changed so", d.now.Status)
	}
	return nil
}

// mayLocate asks the policy, about the image as it is stored, and then who owns it.
func (d *Draft) mayLocate(rules ...string) error {
	for _, rule := range rules {
		if err := d.images.enforce(d.ctx, rule, d.seen); err != nil {
			return err
		}
	}
	return d.mine()
}

func (d *Draft) locationQuota(n int) error {
	if quota := d.images.Options.LocationQuota; exceeds(n, quota) {
		return fault.New(fault.TooLarge, "%d locations are more than the %d an image may have", n, quota)
	}
	return nil
}

// locationRoom applies the storage quota to data that has n locations, as far as its size is known.
func (d *Draft) locationRoom(n int) error {
	if d.now.Size == nil {
		return nil
	}
	return d.images.checkRoom(d.ctx, d.seen.ID, times(*d.now.Size, n))
}

// maxProbes bounds how often one change asks other servers what they have.
const maxProbes = 100

// newLocation checks a location that the caller names: a store serves it and has something there, and the image does
// not have it yet. An image without a size takes that of its first location.
func (d *Draft) newLocation(l image.Location) error {
	s := d.images
	if err := d.locationRoom(len(d.now.Locations) + 1); err != nil {
		return err
	}
	if d.probes++; d.probes > maxProbes {
		return fault.New(fault.TooLarge, "one change can name %d locations", maxProbes)
	}
	size, err := s.probe(d.ctx, l)
	if err != nil {
		return err
	}
	if err := d.distinctLocation(l); err != nil {
		return err
	}
	if d.now.Size != nil {
		return nil
	}
	d.now.Size = &size
	return s.checkRoom(d.ctx, d.seen.ID, size)
}

// probe returns the size of what is at a location, after making sure that users may name it (spec storage-db 10.1). Why
// a store cannot tell is for the log only: the answer must not say what is to be found where (spec security S153).
func (s *Images) probe(ctx context.Context, l image.Location) (int64, error) {
	refused := &fault.Error{Kind: fault.Invalid, Msg: "the location cannot be used"}
	if refused.Err = s.Stores.Accept(ctx, l.URL, l.Metadata); refused.Err != nil {
		return 0, refused
	}
	driver, err := s.Stores.For(l.URL, l.Metadata)
	if err != nil {
		return 0, err
	}
	size, err := driver.Size(ctx, l.URL)
	if refused.Err = err; err != nil || size <= 0 {
		return 0, refused
	}
	return size, nil
}

func (d *Draft) distinctLocation(l image.Location) error {
	if slices.ContainsFunc(d.now.Locations, func(had image.Location) bool { return sameLocation(had, l) }) {
		return fault.New(fault.Invalid, "the image has this location already")
	}
	return checkMetadata(l.Metadata)
}

// checkMetadata refuses values that other software on the same database does not take (spec storage-db 8.3).
func checkMetadata(value any) error {
	switch v := value.(type) {
	case string:
		return storable.Text(v)
	case []any:
		for _, item := range v {
			if err := checkMetadata(item); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		for key, item := range v {
			if err := storable.Text(key); err != nil {
				return err
			}
			if err := checkMetadata(item); err != nil {
				return err
			}
		}
		return nil
	}
	return fault.New(fault.Invalid, "the metadata of a location can hold texts, lists and objects only")
}

func sameLocation(a, b image.Location) bool {
	return a.URL == b.URL && (len(a.Metadata) == 0 && len(b.Metadata) == 0 || reflect.DeepEqual(a.Metadata, b.Metadata))
}

// urls returns the URLs of locations, sorted.
func urls(list []image.Location) []string {
	all := make([]string, len(list))
	for i, l := range list {
		all[i] = l.URL
	}
	slices.Sort(all)
	return all
}

// contains reports whether every URL of some is in all.
func contains(all, some []image.Location) bool {
	return len(missing(urls(some), urls(all))) == 0
}

// movedLocations returns the locations to store and those to drop, so that the stored order is the new one: it is that
// of storing, so what comes behind a new one is stored anew.
func (d *Draft) movedLocations() (add []image.Location, drop []int64) {
	kept := map[int64]bool{}
	highest := int64(0)
	for _, l := range d.now.Locations {
		if len(add) == 0 && l.ID > highest {
			kept[l.ID], highest = true, l.ID
			continue
		}
		add = append(add, l)
	}
	for _, l := range usable(d.seen) {
		if !kept[l.ID] {
			drop = append(drop, l.ID)
		}
	}
	return add, drop
}

// gone returns the stored locations whose data the image no longer has. What it names elsewhere, with other metadata or
// added anew, stays.
func (d *Draft) gone() []image.Location {
	kept := urls(d.now.Locations)
	return slices.DeleteFunc(usable(d.seen), func(l image.Location) bool { return slices.Contains(kept, l.URL) })
}

// dropData removes the data of locations that the image no longer has; with delayed delete the scrubber does. If the
// store will not let go of it, the location comes back.
func (s *Images) dropData(ctx context.Context, d *Draft) error {
	gone := d.gone()
	if len(gone) == 0 || s.Options.DelayedDelete {
		return nil
	}
	return s.Ingest.RemoveLocations(ctx, d.seen.ID, gone)
}

func ids(list []image.Location) []int64 {
	all := make([]int64, len(list))
	for i, l := range list {
		all[i] = l.ID
	}
	return all
}

// times is how many bytes n copies of size bytes have, or the most that can be counted.
func times(size int64, n int) int64 {
	if size > math.MaxInt64/int64(n) {
		return math.MaxInt64
	}
	return size * int64(n)
}

// checkRoom refuses n bytes more than the caller's storage quota has left (spec images-api 4.5).
func (s *Images) checkRoom(ctx context.Context, except string, n int64) error {
	if s.storageQuota == 0 {
		return nil
	}
	used, err := s.DB.Usage(ctx, s.viewer(auth.From(ctx)).Owner, except)
	if err == nil && used > s.storageQuota-n {
		err = s.quotaExceeded()
	}
	return err
}
