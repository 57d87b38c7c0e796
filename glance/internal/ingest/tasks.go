package ingest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// TaskEntry is the journal entry of a task that this process runs. While it is there, a process that comes after the
// death of this one is told of the task (Config.Abandoned).
type TaskEntry struct {
	entry *entry
}

// Task writes an entry for a task. It is on the disk when Task returns. A full disk is fault.TooLarge.
func (j *Journal) Task(id string, at time.Time) (*TaskEntry, error) {
	e, err := j.begin(entry{Upload: id, At: at}, tasked)
	if err != nil {
		return nil, err
	}
	return &TaskEntry{e}, nil
}

// Note keeps what whoever undoes the task must know, in place of what was noted before. It is on the disk when Note
// returns; after an error either note may be there.
func (t *TaskEntry) Note(note string) error {
	t.entry.Note = note
	text, err := json.Marshal(t.entry)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	next, path := t.entry.path+".next", t.entry.path+tasked
	if err := writeSynced(next, text); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// End removes the entry.
func (t *TaskEntry) End() error { return t.entry.end() }
