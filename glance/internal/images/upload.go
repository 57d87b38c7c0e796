package images

import (
	"context"
	"errors"
	"io"
	"strings"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/ingest"
)

// Data is a body for an image.
type Data struct {
	Body   io.Reader
	Length int64 // bytes announced; -1: unknown
	// VirtualSize is the capacity of the disk inside the data, which the image gets with the data; nil: unknown.
	VirtualSize *int64
	// Accept is asked whether the image, as it is when the data is about to be read, may have it. Its formats do not change
	// any more. Optional.
	Accept func(img *image.Image) error
}

// Upload gives a queued image its data and makes it active (spec images-api 7.1). Everything that can be known before
// is checked before the first byte is read.
func (s *Images) Upload(ctx context.Context, id string, d Data) error {
	return again(ctx, func() error {
		err := s.upload(ctx, id, d)
		if errors.Is(err, ingest.ErrStale) {
			return errors.Join(errStale, err)
		}
		return err
	})
}

// upload takes the data if the image is still what the checks saw; else it has not read any of it (spec security S17).
func (s *Images) upload(ctx context.Context, id string, d Data) error {
	img, err := s.mutable(ctx, id)
	if err != nil {
		return err
	}
	if err := s.uploadable(ctx, img); err != nil {
		return err
	}
	if d.Accept != nil {
		if err := d.Accept(img); err != nil {
			return err
		}
	}
	u, err := s.incoming(ctx, img, d)
	if err != nil {
		return err
	}
	s.tell(ctx, "image.prepare", img, nil)
	saved, err := s.Ingest.Put(ctx, u)
	if errors.Is(err, ingest.ErrStale) {
		return err
	}
	if err != nil {
		s.tell(ctx, "image.upload", img, err)
		return err
	}
	s.tell(ctx, "image.upload", saved, nil)
	s.tell(ctx, "image.activate", saved, nil)
	return nil
}

func (s *Images) uploadable(ctx context.Context, img *image.Image) error {
	if img.Status != image.Queued {
		return fault.New(fault.Conflict, "data can only be uploaded to a queued image, this one is %s", img.Status)
	}
	if missing := img.MissingFormats(); missing != nil {
		return fault.New(fault.Invalid, "set %s before uploading data", strings.Join(missing, " and "))
	}
	if err := s.enforce(ctx, "modify_image", img); err != nil {
		return err
	}
	if err := s.enforce(ctx, "upload_image", img); err != nil {
		return err
	}
	return unsigned(img)
}

// unsigned refuses an image whose data is to be verified against a signature.
func unsigned(img *image.Image) error {
	if signed(img) {
		return fault.New(fault.Invalid, "the image is to be verified against its signature, and there is no key manager to ask")
	}
	return nil
}

// signed reports whether the data of an image is to be verified when it comes in (spec operations 10). Data that cannot
// be verified must not be taken: an active image with these properties is one that was.
func signed(img *image.Image) bool {
	for _, name := range []string{
		"img_signature", "img_signature_hash_method", "img_signature_key_type", "img_signature_certificate_uuid",
	} {
		if img.Properties[name] == nil {
			return false
		}
	}
	return true
}

// room returns how many bytes an upload may have: the size cap, or what is left of the caller's storage quota. A body
// that announces more is refused at once; one that announces nothing needs some room at least (spec images-api 7.1,
// checks 11 and 12).
func (s *Images) room(ctx context.Context, id string, announced int64) (ingest.Limit, error) {
	limit := ingest.Limit{Bytes: s.Options.SizeCap, Over: fault.New(fault.TooLarge, "an image has at most %d bytes", s.Options.SizeCap)}
	if s.storageQuota > 0 {
		used, err := s.DB.Usage(ctx, s.viewer(auth.From(ctx)).Owner, id)
		if err != nil {
			return limit, err
		}
		if left := max(s.storageQuota-used, 0); left < limit.Bytes {
			limit = ingest.Limit{Bytes: left, Over: s.quotaExceeded()}
		}
	}
	if announced > limit.Bytes || limit.Bytes == 0 {
		return limit, limit.Over
	}
	return limit, nil
}

// checkQuota runs in the transaction that makes an image active, so uploads at the same time cannot share what is
// left (spec security S72). What the image except has already does not count; "" leaves out none.
func (s *Images) checkQuota(ctx context.Context, tx *db.Tx, except string, size int64) error {
	if s.storageQuota == 0 {
		return nil
	}
	used, err := tx.Usage(ctx, s.viewer(auth.From(ctx)).Owner, except)
	if err == nil && used > s.storageQuota-size {
		err = s.quotaExceeded()
	}
	return err
}

func (s *Images) quotaExceeded() error {
	return fault.New(fault.TooLarge, "the storage quota of %d bytes is exceeded", s.storageQuota)
}
