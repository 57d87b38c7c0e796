package images

import (
	"context"
	"errors"
	"strings"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/ingest"
	"goglance/glance/internal/inspect"
)

// BeginImport lets a task import what was staged for an image (spec tasks-import D.4). start makes the task; what it is
// given is to run in the transaction that does so, with the id of the task, and makes the image importing. So of two who
// begin at once one has a task and an importing image, and the other has neither. A task that cannot run, although start
// has succeeded, is for ForgoImport.
func (s *Images) BeginImport(ctx context.Context, id string, start func(also func(ctx context.Context, tx *db.Tx, task string) error) error) error {
	return again(ctx, func() error {
		img, err := s.importable(ctx, id)
		if err != nil {
			return err
		}
		made := ""
		err = start(func(ctx context.Context, tx *db.Tx, task string) error {
			made = task
			return s.Ingest.Entrust(ctx, tx, img, task)
		})
		if err != nil && made != "" {
			s.Ingest.Forgo(ctx, made)
		}
		if errors.Is(err, ingest.ErrStale) {
			return errors.Join(errStale, err)
		}
		return err
	})
}

// importable returns an image of the caller's whose data may be imported now: all of it has been staged, and the formats,
// which cannot be changed any more, are set.
func (s *Images) importable(ctx context.Context, id string) (*image.Image, error) {
	img, err := s.mutable(ctx, id)
	if err != nil {
		return nil, err
	}
	if img.Status != image.Uploading {
		return nil, fault.New(fault.Conflict, "only data that was staged can be imported, and this image is %s", img.Status)
	}
	if missing := img.MissingFormats(); missing != nil {
		return nil, fault.New(fault.Conflict, "the image has no %s, so its data cannot be imported", strings.Join(missing, " and no "))
	}
	if !s.Ingest.Staged(id) {
		return nil, fault.New(fault.Conflict, "the data of the image is not all there yet, or was staged on another server")
	}
	return img, nil
}

// Import is what a task does for an image: it becomes active with the data that was staged for it, or is queued again
// and that data is gone (spec tasks-import D.5). A task that BeginImport has not made takes an image of the caller's that
// is in a state for it. progress is told of the bytes that are done.
func (s *Images) Import(ctx context.Context, id, task string, progress func(n int64)) error {
	return again(ctx, func() error {
		err := s.importFor(ctx, id, task, progress)
		if errors.Is(err, ingest.ErrStale) {
			return errors.Join(errStale, err)
		}
		return err
	})
}

func (s *Images) importFor(ctx context.Context, id, task string, progress func(n int64)) error {
	img, st, err := s.allowImport(ctx, id, task)
	if err != nil {
		s.Ingest.Forgo(ctx, task)
		return err
	}
	st.Progress = progress
	s.tell(ctx, "image.prepare", img, nil)
	saved, err := s.Ingest.Import(ctx, st)
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

// allowImport makes the checks of an import that are made when it begins to run, with the rights of who asked for it.
func (s *Images) allowImport(ctx context.Context, id, task string) (*image.Image, ingest.Staged, error) {
	entrusted := s.Ingest.Entrusted(task)
	find := s.importable
	if entrusted {
		find = s.mutable
	}
	img, err := find(ctx, id)
	if err != nil {
		return nil, ingest.Staged{}, err
	}
	if err := s.enforce(ctx, "upload_image", img); err != nil {
		return nil, ingest.Staged{}, err
	}
	if err := unsigned(img); err != nil {
		return nil, ingest.Staged{}, err
	}
	st := ingest.Staged{ID: id, Task: task}
	if !entrusted {
		st.If = img
	}
	st.Judge = func(r inspect.Report) error { return r.Check(given(img.DiskFormat), given(img.ContainerFormat)) }
	st.Check = func(ctx context.Context, tx *db.Tx, size int64) error { return s.checkQuota(ctx, tx, id, size) }
	if st.Limit, err = s.room(ctx, id, -1); err != nil {
		return nil, ingest.Staged{}, err
	}
	return img, st, nil
}

func given(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// ForgoImport gives back an image that is importing for a task that does not do it any more. It may be called for any
// task and more than once. done says that the task has made its image active before.
func (s *Images) ForgoImport(ctx context.Context, id, task string) (done bool, err error) {
	if s.Ingest.Entrusted(task) {
		s.Ingest.Forgo(ctx, task)
		return false, nil
	}
	if done, err = s.Ingest.Imported(ctx, id, task); done || err != nil {
		return done, err
	}
	return false, s.Ingest.GiveBack(ctx, id, task)
}
