package metadef

import (
	"strings"
	"unicode/utf8"

	"goglance/glance/fault"
	"goglance/glance/internal/storable"
)

// What the columns of the database take (spec storage-db 1.9), on every engine.
const (
	MaxName  = 80        // characters of a name, a prefix or a target
	MaxOwner = 255       // characters
	MaxText  = 1<<16 - 1 // bytes of a description, of the required names of an object, of schemas as JSON
)

// Check refuses a definition that some database cannot keep. The error is fault.Invalid.
func (d *Definition) Check() error {
	for _, err := range []error{
		d.Namespace.Check(), checkAll(d.Associations), checkAll(d.Properties), checkAll(d.Objects), checkAll(d.Tags),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkAll[T interface{ Check() error }](all []T) error {
	for _, one := range all {
		if err := one.Check(); err != nil {
			return err
		}
	}
	return nil
}

// Check refuses a namespace that some database cannot keep.
func (n Namespace) Check() error {
	if utf8.RuneCountInString(n.Owner) > MaxOwner {
		return fault.New(fault.Invalid, "the owner has more than %d characters", MaxOwner)
	}
	if err := checkText(n.Owner, deref(n.Description)); err != nil {
		return err
	}
	return checkNames(n.Name, deref(n.DisplayName))
}

// Check refuses an association that some database cannot keep.
func (a Association) Check() error { return checkNames(a.Name, deref(a.Prefix), deref(a.Target)) }

// Check refuses a property that some database cannot keep.
func (p Property) Check() error {
	if err := checkNames(p.Name); err != nil {
		return err
	}
	return p.Schema.check()
}

// Check refuses an object that some database cannot keep.
func (o Object) Check() error {
	if err := checkNames(o.Name); err != nil {
		return err
	}
	for name, s := range o.Properties {
		if err := checkText(name); err != nil {
			return err
		}
		if err := s.check(); err != nil {
			return err
		}
	}
	return checkText(deref(o.Description), strings.Join(o.Required, ","))
}

// Check refuses a tag that some database cannot keep.
func (t Tag) Check() error { return checkNames(t.Name) }

func checkNames(names ...string) error {
	for _, name := range names {
		if utf8.RuneCountInString(name) > MaxName {
			return fault.New(fault.Invalid, "a name has more than %d characters", MaxName)
		}
	}
	return checkText(names...)
}

func checkText(texts ...string) error {
	for _, text := range texts {
		if len(text) > MaxText {
			return fault.New(fault.Invalid, "a text has more than %d bytes", MaxText)
		}
		if err := storable.Text(text); err != nil {
			return err
		}
	}
	return nil
}

// check looks at keys and texts, at every depth of objects. Lists are not searched (spec metadefs 3.1): they are stored
// as ASCII.
func (s Schema) check() error {
	for key, v := range s {
		if err := storable.Text(key); err != nil {
			return err
		}
		var err error
		switch v := v.(type) {
		case string:
			err = storable.Text(v)
		case map[string]any:
			err = Schema(v).check()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
