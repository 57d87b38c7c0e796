package images

import (
	"context"
	"math"
	"unicode/utf8"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/storable"
	"goglance/glance/policy"
	"goglance/glance/protect"
)

// Attributes is what a caller may say of a new image. What he leaves out takes its default.
type Attributes struct {
	ID              string // "": a random one
	Name            *string
	Visibility      image.Visibility // "": shared
	Protected       bool
	Owner           *string
	OwnerSet        bool // Owner was given, nil included
	ContainerFormat *string
	DiskFormat      *string
	MinDisk         int64
	MinRAM          int64
	Tags            []string
	Properties      map[string]*string
	Reserved        string // an attribute that he may not say anything of, and did; "": none
}

// Create makes a queued image (spec images-api 3.6, from check 5 on).
func (s *Images) Create(ctx context.Context, n Attributes) (*View, error) {
	if err := writable(ctx); err != nil {
		return nil, err
	}
	owner, err := s.newOwner(auth.From(ctx), n)
	if err != nil {
		return nil, err
	}
	for name := range n.Properties {
		if !s.allowed(ctx, protect.Create, name) {
			return nil, fault.New(fault.Forbidden, "the property %q is protected", name)
		}
	}
	if err := s.mayShow(ctx, n.Visibility, policy.NoTarget{}); err != nil {
		return nil, err
	}
	if exceeds(len(n.Tags), s.Options.TagQuota) {
		return nil, fault.New(fault.TooLarge, "%d tags are more than the %d an image may have", len(n.Tags), s.Options.TagQuota)
	}
	if n.Reserved != "" {
		return nil, fault.New(fault.Forbidden, "the attribute %q cannot be set", n.Reserved)
	}
	if n.MinDisk < 0 || n.MinRAM < 0 {
		return nil, fault.New(fault.Invalid, "min_disk and min_ram cannot be negative")
	}
	img := s.newImage(n, owner)
	if err := s.enforce(ctx, "add_image", img); err != nil {
		return nil, err
	}
	if exceeds(len(img.Properties), s.Options.PropertyQuota) {
		return nil, fault.New(fault.TooLarge, "%d properties are more than the %d an image may have", len(img.Properties), s.Options.PropertyQuota)
	}
	if err := checkValues(img); err != nil {
		return nil, err
	}
	if err := s.DB.Tx(ctx, func(tx *db.Tx) error { return tx.InsertImage(ctx, img) }); err != nil {
		return nil, err
	}
	s.tell(ctx, "image.create", img, nil)
	return s.view(ctx, img), nil
}

// newOwner applies spec images-api 3.4: only an admin gives an image to somebody else, or to nobody.
func (s *Images) newOwner(who *auth.Identity, n Attributes) (*string, error) {
	v := s.viewer(who)
	owner := &v.Owner
	if n.OwnerSet {
		owner = n.Owner
	}
	if !v.Admin && (v.Owner == "" || owner == nil || *owner != v.Owner) {
		return nil, fault.New(fault.Forbidden, "an image can only be created for oneself")
	}
	if owner == nil || *owner == "" {
		return nil, nil
	}
	return owner, nil
}

// mayShow asks the policy whether the caller may show an image to everybody (spec images-api 3.5).
func (s *Images) mayShow(ctx context.Context, v image.Visibility, t policy.Target) error {
	switch v {
	case image.Public:
		return s.Policy.Enforce(ctx, "publicize_image", auth.From(ctx), t)
	case image.Community:
		return s.Policy.Enforce(ctx, "communitize_image", auth.From(ctx), t)
	}
	return nil
}

func (s *Images) newImage(n Attributes, owner *string) *image.Image {
	now := s.Clock()
	img := &image.Image{
		ID: n.ID, Name: n.Name, Status: image.Queued, Visibility: n.Visibility, Protected: n.Protected, Owner: owner,
		ContainerFormat: n.ContainerFormat, DiskFormat: n.DiskFormat, MinDisk: n.MinDisk, MinRAM: n.MinRAM,
		CreatedAt: now, UpdatedAt: now, Properties: n.Properties, Tags: distinct(n.Tags),
	}
	if img.ID == "" {
		img.ID = s.NewID()
	}
	if img.Visibility == "" {
		img.Visibility = image.Shared
	}
	return img
}

// exceeds reports whether n is over a quota; a negative one has no bound.
func exceeds(n, quota int) bool { return quota >= 0 && n > quota }

// checkValues refuses what the schema of the database cannot hold on every engine (spec images-api 16.4), and NUL
// (spec security S66).
func checkValues(img *image.Image) error {
	if img.MinDisk > math.MaxInt32 || img.MinRAM > math.MaxInt32 {
		return fault.New(fault.Invalid, "min_disk and min_ram cannot be more than %d", math.MaxInt32)
	}
	texts := append([]string{text(img.Name), text(img.Owner)}, img.Tags...)
	for _, l := range img.Locations {
		texts = append(texts, l.URL)
	}
	for _, t := range texts {
		if err := storable.Text(t); err != nil {
			return err
		}
	}
	for name, value := range img.Properties {
		if name == "" || utf8.RuneCountInString(name) > 255 {
			return fault.New(fault.Invalid, "the name of a property has 1 to 255 characters")
		}
		if err := storable.Text(name); err != nil {
			return err
		}
		if err := storable.Text(text(value)); err != nil {
			return err
		}
	}
	return nil
}
