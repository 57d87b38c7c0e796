package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/uuid"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// scheme is that of the URLs of this store's locations: hashed:ID.
const scheme = "hashed"

// Hashed keeps image data in files whose names do not tell the image: the digest of its id. It is a store.Driver, a
// store.Writer and a store.Aborter, so images can be uploaded to it, and what a killed process left is cleaned up.
type Hashed struct{ dir string }

// NewHashed returns a store in a folder, which is made when it is not there.
func NewHashed(dir string) (*Hashed, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	return &Hashed{dir}, nil
}

// Schemes returns the scheme of the locations that this store serves.
func (h *Hashed) Schemes() []string { return []string{scheme} }

// path returns the file of an object.
func (h *Hashed) path(id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(h.dir, hex.EncodeToString(sum[:]))
}

// file returns the file of a location. A URL that is not one of ours is refused: it may come from a client.
func (h *Hashed) file(url string) (string, error) {
	id, ok := strings.CutPrefix(url, scheme+":")
	if _, err := uuid.Parse(id); !ok || err != nil {
		return "", fault.New(fault.Invalid, "this is no location of this store")
	}
	return h.path(id), nil
}

// Open gives n bytes from off. The body is the file itself, so that the kernel can send it.
func (h *Hashed) Open(_ context.Context, url string, off, n int64) (store.Body, error) {
	path, err := h.file(url)
	if err != nil {
		return store.Body{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return store.Body{}, failure("Open", err)
	}
	info, err := f.Stat()
	if err == nil && off > info.Size() {
		err = fault.New(fault.BadRange, "the data ends before")
	}
	if err == nil {
		_, err = f.Seek(off, io.SeekStart)
	}
	if err != nil {
		return store.Body{}, errors.Join(failure("Open", err), f.Close())
	}
	rest := info.Size() - off
	if n < 0 || n > rest {
		n = rest
	}
	return store.Body{ReadCloser: f, N: n, Size: info.Size()}, nil
}

// Size returns the size of an object.
func (h *Hashed) Size(_ context.Context, url string) (int64, error) {
	path, err := h.file(url)
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, failure("Size", err)
	}
	return info.Size(), nil
}

// Put writes to a temporary file and gives it its name when all of it is on the disk: what is there is whole.
func (h *Hashed) Put(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error) {
	path := h.path(o.ID)
	if _, err := os.Stat(path); err == nil {
		return store.Stored{}, fault.New(fault.Conflict, "there is data of this image")
	}
	temporary := h.temporary(o)
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return store.Stored{}, failure("Put", err)
	}
	defer os.Remove(temporary) //nolint:errcheck // a link to it is left, or nothing
	from := &until{ctx: ctx, body: body}
	n, err := io.Copy(struct{ io.Writer }{f}, from)
	if from.err != nil {
		return store.Stored{}, errors.Join(from.err, f.Close()) // the caller's own
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return store.Stored{}, failure("Put", err)
	}
	if err := os.Link(temporary, path); err != nil { // unlike a rename this takes nobody else's place
		return store.Stored{}, failure("Put", err)
	}
	if err := h.sync(); err != nil {
		return store.Stored{}, errors.Join(failure("Put", err), os.Remove(path))
	}
	return store.Stored{URL: scheme + ":" + o.ID, Size: n}, nil
}

// temporary names the file of an attempt, which no other attempt has.
func (h *Hashed) temporary(o store.Object) string {
	return h.path(o.ID) + ".part-" + o.Upload
}

// Delete removes an object.
func (h *Hashed) Delete(_ context.Context, url string) error {
	path, err := h.file(url)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return failure("Delete", err)
	}
	return failure("Delete", h.sync())
}

// Abort removes what an upload left whose process has died.
func (h *Hashed) Abort(_ context.Context, o store.Object) error {
	for _, path := range []string{h.temporary(o), h.path(o.ID)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failure("Abort", err)
		}
	}
	return failure("Abort", h.sync())
}

// sync has the names in the folder on the disk.
func (h *Hashed) sync() error {
	dir, err := os.Open(h.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// failure gives an error of the file system its kind. Others stay as they are.
func failure(op string, err error) error {
	kind := fault.Unavailable
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		kind = fault.NotFound
	case errors.Is(err, fs.ErrExist):
		kind = fault.Conflict
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		kind = fault.TooLarge
	case !errors.As(err, &path) && !errors.As(err, &link):
		return err
	}
	return fault.Wrap(kind, "hashed."+op, err)
}

// until is a body that ends with the context.
type until struct {
	ctx  context.Context
	body io.Reader
	err  error // of the body or the context
}

// Read reads from the body while the context lasts.
func (u *until) Read(p []byte) (int, error) {
	if u.err = u.ctx.Err(); u.err != nil {
		return 0, u.err
	}
	n, err := u.body.Read(p)
	if !errors.Is(err, io.EOF) {
		u.err = err
	}
	return n, err
}
