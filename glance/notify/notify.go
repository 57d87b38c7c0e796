// Package notify is the contract for notifications: what happened to what, told to whoever listens.
package notify

import (
	"context"

	"goglance/glance/image"
	"goglance/glance/task"
)

// Event is one thing that happened (spec operations 9).
type Event struct {
	Type    string        // image.create, image.upload, ...
	Image   *image.Image  // as it is after the event; nobody changes it
	Member  *image.Member // for image.member.*; nobody changes it
	Sent    int64         // bytes, for image.send
	Metadef *Metadef      // for metadef_*
	Task    *task.Task    // for task.*, as it is after the event but for input, result and message, which are not told
	Err     string        // for a failure: what the client is told; empty for a success
}

// Notifier takes events. Notify must not block: what cannot be sent now is queued within bounds or dropped and
// counted. ctx carries the caller (auth.From) and does not outlive the request.
type Notifier interface {
	Notify(ctx context.Context, e Event)
}

// Discard drops every event.
type Discard struct{}

// Notify does nothing.
func (Discard) Notify(context.Context, Event) {}
