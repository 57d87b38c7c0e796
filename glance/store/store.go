// Package store is the contract between the service and the places where image data lives. A driver implements
// Reader and, unless it is read-only, Writer; Set holds the drivers of one service. storetest checks a driver.
//
// Errors are faults. What a driver returns and what the client then sees (spec storage-db 8.3):
//
//	fault.NotFound     the object is not there
//	fault.Conflict     an object of that name exists (Put), or is in use (Delete)
//	fault.TooLarge     the medium is full
//	fault.Forbidden    the medium refuses this caller
//	fault.Unavailable  writing is denied, or the remote end does not answer
//	fault.Invalid      the URL is not one of this driver
//
// When the context ends its own error comes back. An error that the body itself returned from Read comes back from Put
// unchanged (errors.Is), so the caller can tell his own failures from the store's. Messages for the client never name a path, a host or a credential.
package store

import (
	"context"
	"errors"
	"io"
	"path/filepath"
)

// Object is what a Put is to store.
type Object struct {
	ID     string // the image id, a canonical UUID; the object's name in the store
	Size   int64  // bytes; -1: unknown
	Owner  string // project that owns the image, for stores that keep data per project; may be empty
	Upload string // names this attempt and no other: [0-9a-f-]{1,64}; part of every temporary name
}

// Stored is the result of a Put.
type Stored struct {
	URL      string
	Size     int64          // bytes written
	Metadata map[string]any // kept with the location; strings, lists and maps only; may be nil
}

// Body is an open object. The caller closes it.
type Body struct {
	io.ReadCloser       // of a local file the *os.File itself, so that the kernel can copy it
	N             int64 // bytes meant for the caller, who reads no further
	Size          int64 // bytes of the whole object; -1: unknown
}

// Reader reads objects by their URL.
type Reader interface {
	// Open gives the bytes from off, 0 <= off; n bytes of them, to the end when n < 0 or when less are there. At off ==
	// size there are none; beyond it is fault.BadRange. A missing object is fault.NotFound from Open, never from the
	// first Read. The caller closes the body.
	Open(ctx context.Context, url string, off, n int64) (Body, error)
	// Size returns the size of the object in bytes.
	Size(ctx context.Context, url string) (int64, error)
}

// Writer adds and removes objects.
type Writer interface {
	// Put stores body until EOF. One that fails, or whose context ends, leaves nothing behind, and nothing is readable
	// before all of it is there. Put does not close body.
	Put(ctx context.Context, o Object, body io.Reader) (Stored, error)
	// Delete removes the object.
	Delete(ctx context.Context, url string) error
}

// Driver is a store. One without Writer is read-only.
type Driver interface {
	Reader
	// Schemes returns the URL schemes of the locations that the driver serves, lower-case.
	Schemes() []string
}

// Aborter is implemented by a driver whose Put leaves something behind when the process dies in it.
type Aborter interface {
	// Abort removes what a Put of o left that never returned, or whose result was never recorded: temporary parts of
	// o.Upload and the finished object o.ID. The caller is sure that no other Put of o.ID is under way and that no
	// image refers to the object. Nothing to remove is no error.
	Abort(ctx context.Context, o Object) error
}

// ErrNoLink says that a file cannot become an object without a copy of its bytes: they are to be Put.
var ErrNoLink = errors.New("the store cannot take this file over without copying it")

// Linker is implemented by a driver that can take over a local file without copying it.
type Linker interface {
	// Link makes the file at path an object, with the promises of Put: it is on the disk when Link returns, it replaces
	// nothing, a failure leaves nothing behind. It is ErrNoLink when the file system cannot do that, or when somebody
	// else could still write to the file. The file may be the object itself afterwards; whoever calls Link has stopped
	// writing to it, and removes its name.
	Link(ctx context.Context, o Object, path string) (Stored, error)
}

// Staging is a folder where image data waits until it is imported, each in a file of the image's id. Several servers,
// also of the reference, may share it.
type Staging struct {
	Driver        // a Writer that keeps its objects in Dir; its locations are file://Dir/ID
	Dir    string // absolute; nobody else may write into it
}

// URL is the location of the staged data of an image.
func (s *Staging) URL(id string) string { return "file://" + s.Path(id) }

// Path is where the staged data of an image is.
func (s *Staging) Path(id string) string { return filepath.Join(s.Dir, id) }

// Pather is implemented by a driver whose objects are local files.
type Pather interface {
	// Path returns the path of the object's file. A missing object is fault.NotFound.
	Path(ctx context.Context, url string) (string, error)
}

// Judger is implemented by a driver that has rules for the locations that users name.
type Judger interface {
	// Judge reports whether a user may name this location: nil, or fault.Invalid with a message that is the same
	// whatever the reason. It does not say whether something is there.
	Judge(ctx context.Context, url string) error
}
