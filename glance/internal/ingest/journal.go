package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"

	"goglance/glance/fault"
	"goglance/glance/image"
)

// Journal is a folder that says what this process has under way. Every process has one of its own, side by side in
// one root folder, and holds a lock on it for as long as it lives: a journal that can be locked belongs to a dead
// process.
//
// An entry is a small file, written and synced before the first step of the work, whose suffix says how far that is:
//
//	.claim   an upload; the image may have been set to its state (Doing) with its mark, or not yet, or no more
//	.hold    an upload; the image is in that state, and it was this upload that set it
//	.remove  a removal; while the image is pending_delete with its mark, its bytes are to go; once it is deleted, what was
//	         staged for it
//	.task    a task, see Journal.Task; it is worked off after the others, which may be parts of it
//
// An upload is also the staging of data, and the import of it, whose Upload is the id of its task. The mark of an image
// (db.Change) is the Upload of the entry.
type Journal struct {
	root, dir string
	lock      *flock.Flock
}

const (
	claimed  = ".claim"
	held     = ".hold"
	removing = ".remove"
	tasked   = ".task"
	lockName = "lock"
	unborn   = ".new-" // a journal that is not locked yet: others leave it alone
)

// entry is one piece of work.
type entry struct {
	Image  string       `json:"image"`
	Owner  string       `json:"owner,omitempty"`
	Store  string       `json:"store,omitempty"`
	Upload string       `json:"upload"`
	Doing  image.Status `json:"doing,omitempty"` // the state that the image is in for it; empty: saving
	At     time.Time    `json:"at"`              // when it began
	From   string       `json:"from,omitempty"`  // of a removal: the status before
	Note   string       `json:"note,omitempty"`  // of a task

	seen      *image.Image // as it was when it was decided to upload; nil: it does not matter
	path      string       // without suffix
	state     string
	postponed bool // Retry has it
}

// doing is the state of an image that the work holds.
func (e *entry) doing() image.Status {
	if e.Doing == "" {
		return image.Saving
	}
	return e.Doing
}

// before is the state that the work takes an image from.
func (e *entry) before() image.Status {
	if e.Doing == image.Importing {
		return image.Uploading
	}
	return image.Queued
}

// OpenJournal makes this process's journal in root, a folder on a local disk that every process of this node may
// share. The caller closes it.
func OpenJournal(root string) (*Journal, error) {
	if err := os.MkdirAll(root, 0o750); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	name := uuid.NewString()
	nascent := filepath.Join(root, unborn+name)
	if err := os.Mkdir(nascent, 0o750); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	lock := flock.New(filepath.Join(nascent, lockName))
	if err := lock.Lock(); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &Journal{root: root, dir: filepath.Join(root, name), lock: lock}
	if err := os.Rename(nascent, j.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("journal: %w", err), lock.Close())
	}
	// An entry that is on the disk is of no use if the power takes the folder that it is in.
	for _, dir := range []string{root, filepath.Dir(root)} {
		if err := syncDir(dir); err != nil {
			return nil, errors.Join(fmt.Errorf("journal: %w", err), lock.Close())
		}
	}
	return j, nil
}

// Close gives the journal up. An empty one is removed; one with entries is left for the next process's Recover.
func (j *Journal) Close() error {
	removeIfEmpty(j.dir)
	return j.lock.Close()
}

// begin writes an entry. It is on the disk when begin returns.
func (j *Journal) begin(e entry, state string) (*entry, error) {
	e.path, e.state = filepath.Join(j.dir, e.Upload), state
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if err := writeSynced(e.path+state, text); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return &e, nil
}

// hold says that the claim has succeeded.
func (e *entry) hold() error {
	if err := os.Rename(e.path+claimed, e.path+held); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	e.state = held
	return nil
}

// letGo steps back from held to claimed. It is on the disk when letGo returns: an entry that came back as held after a
// power cut would undo somebody else's upload.
func (e *entry) letGo() error {
	if e.state == held {
		if err := os.Rename(e.path+held, e.path+claimed); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		e.state = claimed
	}
	if err := syncDir(filepath.Dir(e.path)); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// end removes an entry: the work is done or undone.
func (e *entry) end() error {
	if err := os.Remove(e.path + e.state); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// orphans calls fn with every entry of every dead process and forgets the entries for which it returns nil. It goes
// on after an error and returns them all.
func (j *Journal) orphans(fn func(*entry) error) error {
	journals, err := os.ReadDir(j.root)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	var errs []error
	for _, dir := range journals {
		path := filepath.Join(j.root, dir.Name())
		if path != j.dir && dir.IsDir() && !strings.HasPrefix(dir.Name(), ".") {
			errs = append(errs, inherit(path, fn))
		}
	}
	return errors.Join(errs...)
}

// inherit works off the journal of one process if that process is dead.
func inherit(dir string, fn func(*entry) error) error {
	lock := flock.New(filepath.Join(dir, lockName))
	alone, err := lock.TryLock()
	if errors.Is(err, fs.ErrNotExist) || err == nil && !alone {
		return nil // its process has just gone, or lives
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer lock.Close() //nolint:errcheck // only read under it
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // somebody else has just worked it off
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	var errs []error
	for _, file := range files {
		if name := file.Name(); name != lockName && filepath.Ext(name) != tasked {
			errs = append(errs, inheritEntry(filepath.Join(dir, name), fn))
		}
	}
	for _, file := range files {
		if filepath.Ext(file.Name()) == tasked && errors.Join(errs...) == nil {
			errs = append(errs, inheritEntry(filepath.Join(dir, file.Name()), fn))
		}
	}
	removeIfEmpty(dir)
	return errors.Join(errs...)
}

// inheritEntry hands one entry to fn and removes it when that went well. An entry that was never written whole has no
// work behind it: begin had not returned.
func inheritEntry(path string, fn func(*entry) error) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	state := filepath.Ext(path)
	e := entry{}
	if json.Unmarshal(text, &e) == nil && (state == claimed || state == held || state == removing || state == tasked) {
		e.path, e.state = strings.TrimSuffix(path, state), state
		if err := fn(&e); err != nil {
			return err
		}
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// removeIfEmpty removes a journal that has nothing but its lock. The caller holds the lock.
func removeIfEmpty(dir string) {
	if files, err := os.ReadDir(dir); err == nil && len(files) == 1 && files[0].Name() == lockName {
		os.RemoveAll(dir) //nolint:errcheck // an empty journal does no harm
	}
}

// writeSynced creates a file with its content and returns when both are on the disk. One that cannot be written whole
// is removed. A full disk is fault.TooLarge.
func writeSynced(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err == nil {
		_, err = f.Write(content)
		if err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err == nil {
		return nil
	}
	_ = os.Remove(path) // it may not be there
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &fault.Error{Kind: fault.TooLarge, Msg: "there is no room left", Err: err}
	}
	return err
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
