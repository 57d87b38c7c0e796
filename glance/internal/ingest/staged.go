package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/uuid"

	"goglance/glance/fault"
)

// memo is what is known of a staged file, kept in a hidden file beside it, so that an import need not read the data
// again. It holds for the very file whose marks it bears: another server may have put another one in its place.
type memo struct {
	Of    marks `json:"of"`
	Facts facts `json:"facts"`
}

// marks are what a file shows of having been changed or replaced.
type marks struct {
	Size    int64  `json:"size"`
	Changed int64  `json:"changed"` // in nanoseconds since 1970
	Inode   uint64 `json:"inode"`
}

func marksOf(info fs.FileInfo) marks {
	m := marks{Size: info.Size(), Changed: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		m.Inode = st.Ino
	}
	return m
}

func (in *Ingest) memoPath(id string) string { return filepath.Join(in.Staging.Dir, "."+id+".memo") }

// Staged reports whether data of an image is in the staging folder of this server.
func (in *Ingest) Staged(id string) bool {
	if in.Staging == nil {
		return false
	}
	info, err := os.Lstat(in.Staging.Path(id))
	return err == nil && info.Mode().IsRegular()
}

// remember writes the memo of a file that was just staged. Without one the import takes longer, and nothing else.
func (in *Ingest) remember(id string, f facts) {
	err := in.writeMemo(id, f)
	if err != nil {
		in.Log.WithError(err).WithField("image", id).Warn("what was learnt of staged data is not kept")
	}
}

func (in *Ingest) writeMemo(id string, f facts) error {
	if err := in.forget(id); err != nil {
		return err
	}
	info, err := os.Lstat(in.Staging.Path(id))
	if err != nil {
		return err
	}
	text, err := json.Marshal(memo{marksOf(info), f})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(in.memoPath(id), os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		err = errors.Join(err, in.forget(id))
	}
	return err
}

func (in *Ingest) forget(id string) error {
	if err := os.Remove(in.memoPath(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sweep removes memos whose file is gone: another program has imported or removed it, and knows of no memo. And it removes
// what is staged for images that are deleted: that may have happened through a server which does not reach this folder.
func (in *Ingest) sweep(ctx context.Context) error {
	if in.Staging == nil {
		return nil
	}
	entries, err := os.ReadDir(in.Staging.Dir)
	for _, e := range entries {
		name := e.Name()
		id, isMemo := strings.CutSuffix(strings.TrimPrefix(name, "."), ".memo")
		switch {
		case isMemo:
			if _, look := os.Lstat(in.Staging.Path(id)); errors.Is(look, fs.ErrNotExist) {
				err = errors.Join(err, in.forget(id))
			}
		case uuid.Validate(name) == nil:
			if failed := in.sweepDeleted(ctx, name); failed != nil {
				return errors.Join(err, failed)
			}
		}
	}
	return err
}

// sweepDeleted removes what is staged for an image that is deleted. What nobody has heard of may be of another service.
func (in *Ingest) sweepDeleted(ctx context.Context, id string) error {
	img, err := in.DB.ImageAny(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || !img.Deleted {
		return err
	}
	return in.unstage(ctx, &entry{Image: id, Upload: uuid.NewString()})
}

// recall returns what is known of an open staged file.
func (in *Ingest) recall(id string, file *os.File) (facts, bool) {
	text, err := os.ReadFile(in.memoPath(id))
	if err != nil {
		return facts{}, false
	}
	var known memo
	if json.Unmarshal(text, &known) != nil {
		return facts{}, false // torn by a power cut
	}
	info, err := file.Stat()
	return known.Facts, err == nil && known.Of == marksOf(info) && known.Facts.Size == info.Size()
}

// openStaged opens the staged data of an image.
func (in *Ingest) openStaged(id string) (*os.File, error) {
	if in.Staging == nil {
		return nil, errNotStaged()
	}
	file, err := os.OpenFile(in.Staging.Path(id), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNotStaged()
	}
	if err != nil {
		return nil, fmt.Errorf("staged data: %w", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("staged data is not a file")
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func errNotStaged() error {
	return fault.New(fault.Conflict, "no data of the image has been staged on this server")
}
