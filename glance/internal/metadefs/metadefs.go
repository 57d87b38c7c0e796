// Package metadefs holds the use cases of metadata definitions: who may do what, in which order that is checked, and
// what follows. It knows no HTTP.
//
// Everyone may look into a namespace that he sees. Writing is for its owner and for administrators: the reference lets
// every project add to the public namespaces of others and replace their tags, which nobody should (spec metadefs 9,
// security P11). Nor does an owner who is no administrator give a namespace to somebody else, as he could not have made
// it for him either (spec security S26). Who reads is not told of resource types that only namespaces hidden from him
// use.
//
// Every use case takes the caller from the context (package auth). The policy is asked first, about nothing in
// particular, so a refusal says nothing about what is there (spec metadefs 10); then not found comes before forbidden.
// A change and the checks it depends on are one transaction.
package metadefs

import (
	"context"
	"errors"
	"time"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/metadef"
	"goglance/glance/notify"
	"goglance/glance/policy"
	"goglance/glance/settings"
)

// Config is what Metadefs works with. All fields are required.
type Config struct {
	Options settings.Images // owner and pages are the same as for images
	DB      *db.DB
	Policy  policy.Enforcer
	Notify  notify.Notifier
	Clock   func() time.Time
}

// Metadefs is the use cases. It is safe for concurrent use.
type Metadefs struct {
	Config
}

// New returns the use cases.
func New(c Config) *Metadefs { return &Metadefs{Config: c} }

// viewer is the caller as the domain sees him.
func (s *Metadefs) viewer(ctx context.Context) metadef.Viewer {
	who := auth.From(ctx)
	owner := who.ProjectID
	if !s.Options.OwnerIsTenant {
		owner = who.UserID
	}
	return metadef.Viewer{Owner: owner, Admin: who.Admin}
}

// allow asks the policy for every one of the rules, in their order.
func (s *Metadefs) allow(ctx context.Context, rules ...string) error {
	for _, rule := range rules {
		if err := s.Policy.Enforce(ctx, rule, auth.From(ctx), policy.NoTarget{}); err != nil {
			return err
		}
	}
	return nil
}

// read returns what get finds in a namespace that the caller sees, on one state of the database. The policy is asked for
// every one of the rules first.
func read[T any](ctx context.Context, s *Metadefs, q ask, get func(*db.View, *metadef.Namespace) (T, error)) (T, error) {
	var found T
	if err := s.allow(ctx, q.rules...); err != nil {
		return found, err
	}
	err := s.DB.View(ctx, func(v *db.View) error {
		ns, err := v.Namespace(ctx, q.namespace)
		if err = s.shown(ctx, ns, err); err != nil {
			return err
		}
		found, err = get(v, ns)
		return err
	})
	return found, err
}

// ask is what a read is about.
type ask struct {
	namespace string
	rules     []string
}

func about(namespace string, rules ...string) ask { return ask{namespace, rules} }

// shown makes of the answer for a namespace one for the caller: missing and hidden are the same (spec security S25).
func (s *Metadefs) shown(ctx context.Context, ns *metadef.Namespace, err error) error {
	if fault.Is(err, fault.NotFound) || err == nil && !ns.VisibleTo(s.viewer(ctx)) {
		return fault.New(fault.NotFound, "there is no namespace of this name")
	}
	return err
}

// mine refuses who may not change a namespace.
func (s *Metadefs) mine(ctx context.Context, ns *metadef.Namespace) error {
	if !ns.MutableBy(s.viewer(ctx)) {
		return fault.New(fault.Forbidden, "the namespace belongs to somebody else")
	}
	return nil
}

// deletable refuses to delete a namespace, or something in it, for who may not change it; for one that is protected it
// refuses everybody (spec metadefs 9).
func (s *Metadefs) deletable(ctx context.Context, ns *metadef.Namespace) error {
	if err := s.mine(ctx, ns); err != nil {
		return err
	}
	if ns.Protected {
		return fault.New(fault.Forbidden, "the namespace is protected: nothing in it can be deleted")
	}
	return nil
}

// write is a change of a namespace in a transaction that has locked it. It may run more than once.
type write func(tx *db.Tx, ns *metadef.Namespace) error

// change runs w with a namespace that the caller sees. Whether he may change it is for w to ask, once it has found what
// it is about: not found comes before forbidden.
func (s *Metadefs) change(ctx context.Context, name string, w write) error {
	if auth.From(ctx).ReadOnly {
		ns, err := s.DB.Namespace(ctx, name)
		return readOnly(s.shown(ctx, ns, err))
	}
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		ns, err := tx.LockNamespace(ctx, name)
		if err = s.shown(ctx, ns, err); err != nil {
			return err
		}
		return w(tx, ns)
	})
}

// add runs w, which adds to a namespace, for who may change it. To one that the caller does not see nothing can be added
// either, which is forbidden and not not found (spec metadefs 9).
func (s *Metadefs) add(ctx context.Context, name string, w write) error {
	if auth.From(ctx).ReadOnly {
		_, err := s.DB.Namespace(ctx, name)
		return readOnly(err)
	}
	return s.again(ctx, func(tx *db.Tx) error {
		ns, err := tx.LockNamespace(ctx, name)
		if err == nil {
			err = s.mine(ctx, ns)
		}
		if err != nil {
			return err
		}
		return w(tx, ns)
	})
}

// readOnly is what an anonymous caller is told, who never gets as far as a transaction: the error that there is, or that
// he may not write.
func readOnly(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Forbidden, "anonymous access is read-only")
}

// insert adds what is in d, which is one thing, to a namespace and tells of it.
func (s *Metadefs) insert(ctx context.Context, ns string, d metadef.Definition, event notify.Metadef) error {
	err := s.add(ctx, ns, func(tx *db.Tx, n *metadef.Namespace) error {
		d.Namespace, event.Namespace = *n, n
		return tx.InsertContents(ctx, &d)
	})
	if err == nil {
		s.tell(ctx, "create", event)
	}
	return err
}

// attempts bounds how often a transaction runs that others keep making resource types under.
const attempts = 5

// again is a transaction that may make resource types.
func (s *Metadefs) again(ctx context.Context, fn func(*db.Tx) error) error {
	for range attempts {
		if err := s.DB.Tx(ctx, fn); !errors.Is(err, db.ErrRaced) {
			return err
		}
	}
	return fault.New(fault.Conflict, "somebody else is making the same resource type")
}

// tell sends an event about something in a namespace, or about the namespace itself.
func (s *Metadefs) tell(ctx context.Context, what string, about notify.Metadef) {
	s.Notify.Notify(ctx, notify.Event{Type: "metadef_" + group(about) + "." + what, Metadef: &about})
}

func group(about notify.Metadef) string {
	switch {
	case about.Object != nil:
		return "object"
	case about.Property != nil:
		return "property"
	case about.Tag != nil:
		return "tag"
	case about.Association != nil:
		return "resource_type"
	}
	return "namespace"
}
