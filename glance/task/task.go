// Package task is the domain of tasks: what a task is, which states it passes through and how lists are asked for. It
// holds rules only; nothing here knows a database, a flow or HTTP.
package task

import (
	"slices"
	"time"
)

// Type says what a task does.
type Type string

// The types (spec tasks-import A.2).
const (
	Import      Type = "import"           // an image from an address on the web
	ImageImport Type = "api_image_import" // the staged data of an image
)

// Valid reports whether t is a type.
func (t Type) Valid() bool { return t == Import || t == ImageImport }

// Status is the state of a task.
type Status string

// The states.
const (
	Pending    Status = "pending"
	Processing Status = "processing"
	Success    Status = "success"
	Failure    Status = "failure"
)

// Valid reports whether s is a state.
func (s Status) Valid() bool { return s == Pending || s == Processing || s.Final() }

// Final reports whether a task of this state has ended.
func (s Status) Final() bool { return s == Success || s == Failure }

// To reports whether a task may pass from s to next (spec tasks-import A.7).
func (s Status) To(next Status) bool { return slices.Contains(next.Before(), s) }

// Before returns the states from which a task may pass to s.
func (s Status) Before() []Status {
	switch s {
	case Processing:
		return []Status{Pending}
	case Success:
		return []Status{Processing}
	case Failure:
		return []Status{Pending, Processing}
	case Pending:
	}
	return nil
}

// Task is one piece of work that goes on after its request was answered.
type Task struct {
	ID        string
	Type      Type
	Status    Status
	Owner     string         // project (or user) id; never empty
	Input     map[string]any // as it was posted; nil: null
	Result    map[string]any // nil: none yet, or none at all
	Message   string         // of a failure why, of a task under way how far it is
	ExpiresAt time.Time      // zero until the task ends
	CreatedAt time.Time
	UpdatedAt time.Time
	Deleted   bool
	DeletedAt time.Time // zero unless Deleted
}

// Viewer is the caller as the domain sees him.
type Viewer struct {
	Owner string // what he would own things as: project or user id; "" is nobody
	Admin bool
}

// VisibleTo reports whether v may see the task: his own, or any for an administrator. What has expired and is deleted is
// only for administrators (spec tasks-import A.4).
func (t *Task) VisibleTo(v Viewer) bool {
	return v.Admin || !t.Deleted && v.Owner != "" && t.Owner == v.Owner
}
