// Package images holds the use cases of images: who may do what, in which order that is checked, and what follows.
// The v2 and v1 APIs, tasks and imports all come through here, so that each rule stands once. It knows no HTTP.
//
// Every use case takes the caller from the context (package auth) and answers in this order: not found before
// forbidden, then ownership, policy, quota; then it saves and notifies.
package images

import (
	"context"
	"slices"
	"time"

	"github.com/sirupsen/logrus"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/ingest"
	"goglance/glance/notify"
	"goglance/glance/policy"
	"goglance/glance/protect"
	"goglance/glance/settings"
	"goglance/glance/store"
)

// Config is what Images works with. Fields that are not marked optional are required.
type Config struct {
	Options settings.Images
	DB      *db.DB
	Stores  *store.Set
	Ingest  *ingest.Ingest
	Policy  policy.Enforcer
	Protect *protect.Rules // optional: no property is protected
	Notify  notify.Notifier
	Clock   func() time.Time
	NewID   func() string
	Log     logrus.FieldLogger
}

// Images is the use cases. It is safe for concurrent use.
type Images struct {
	Config
	storageQuota int64        // bytes; 0: any
	order        *store.Order // of locations
}

// New returns the use cases, or an error for an option that makes no sense.
func New(c Config) (*Images, error) {
	quota, err := parseSize(c.Options.UserStorageQuota)
	if err != nil {
		return nil, err
	}
	order, warnings, err := store.NewOrder(c.Options.LocationStrategy, c.Options.StoreTypePreference)
	for _, w := range warnings {
		c.Log.Warn(w)
	}
	return &Images{Config: c, storageQuota: quota, order: order}, err
}

// Get returns the image with this id.
func (s *Images) Get(ctx context.Context, id string) (*View, error) {
	img, err := s.visible(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.view(ctx, img), nil
}

// IsAdmin reports whether a caller is an administrator: by the role of the option, or because the policy says so
// (spec images-api 14.2). An empty option names no role (spec security S08).
func (s *Images) IsAdmin(ctx context.Context, who *auth.Identity) bool {
	role := auth.FoldRole(s.Options.AdminRole)
	return role != "" && slices.Contains(who.Roles, role) ||
		s.Policy.Enforce(ctx, "context_is_admin", who, policy.CallerTarget(who)) == nil
}

// viewer is the caller as the domain sees him (spec images-api 14).
func (s *Images) viewer(who *auth.Identity) image.Viewer {
	owner := who.ProjectID
	if !s.Options.OwnerIsTenant {
		owner = who.UserID
	}
	return image.Viewer{Owner: owner, Admin: who.Admin}
}

// visible returns an image that the caller may see and get. For one he may not see the policy is asked about nothing
// at all, so that it cannot tell him that the image exists (spec images-api 13, get_image).
func (s *Images) visible(ctx context.Context, id string) (*image.Image, error) {
	who := auth.From(ctx)
	img, err := s.find(ctx, id)
	if fault.Is(err, fault.NotFound) {
		if refused := s.Policy.Enforce(ctx, "get_image", who, policy.NoTarget{}); refused != nil {
			return nil, refused
		}
	}
	if err != nil {
		return nil, err
	}
	return img, s.Policy.Enforce(ctx, "get_image", who, target{img})
}

// find returns a live image that the caller may see.
func (s *Images) find(ctx context.Context, id string) (*image.Image, error) {
	v := s.viewer(auth.From(ctx))
	img, err := s.DB.Image(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return nil, notFound()
	}
	if err != nil {
		return nil, err
	}
	member := false
	if img.Visibility == image.Shared && !img.VisibleTo(v, false) && v.Owner != "" {
		if member, err = s.DB.IsMember(ctx, id, v.Owner); err != nil {
			return nil, err
		}
	}
	if img.Status == image.PendingDelete || !img.VisibleTo(v, member) {
		return nil, notFound()
	}
	return img, nil
}

// notFound is the same for an image that is not there and one that is not shown (spec security S25).
func notFound() error { return fault.New(fault.NotFound, "no image has this id") }

// mutable returns an image that the caller may change.
func (s *Images) mutable(ctx context.Context, id string) (*image.Image, error) {
	if err := writable(ctx); err != nil {
		return nil, err
	}
	img, err := s.visible(ctx, id)
	if err != nil {
		return nil, err
	}
	return img, s.mine(ctx, img)
}

// writable refuses the anonymous caller.
func writable(ctx context.Context) error {
	if auth.From(ctx).ReadOnly {
		return fault.New(fault.Forbidden, "anonymous access is read-only")
	}
	return nil
}

func (s *Images) enforce(ctx context.Context, rule string, img *image.Image) error {
	return s.Policy.Enforce(ctx, rule, auth.From(ctx), target{img})
}

func (s *Images) tell(ctx context.Context, event string, img *image.Image, err error) {
	e := notify.Event{Type: event, Image: img}
	if err != nil {
		e.Err = fault.Message(err)
	}
	s.Notify.Notify(ctx, e)
}
