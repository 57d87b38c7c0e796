package api

import (
	"fmt"
	"net/http"

	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/images"
	"goglance/glance/internal/jsonpatch"
	"goglance/glance/internal/schema"
)

// The media types of patches.
const (
	mediaPatchV20 = "application/openstack-images-v2.0-json-patch"
	mediaPatchV21 = "application/openstack-images-v2.1-json-patch"
)

// maxOperations is the most operations of a patch (spec security S73). One that sets every attribute and as many
// properties as an image may have needs a fraction of it.
const maxOperations = 1000

// edit is one operation of a patch, ready to be applied.
type edit func(*images.Draft) error

// updateImage is PATCH /v2/images/{id} (spec images-api 4). Everything that can be said of the patch without the image
// is said before the image is looked up.
func (a *API) updateImage(w http.ResponseWriter, r *http.Request) error {
	dialect, err := patchDialect(r.Header.Get("Content-Type"))
	if err != nil {
		w.Header().Set("Accept-Patch", mediaPatchV20+", "+mediaPatchV21)
		return err
	}
	patch, err := a.decodeArray(r)
	if err != nil {
		return err
	}
	edits, err := a.edits(dialect, patch)
	if err != nil {
		return err
	}
	v, err := a.Images.Update(r.Context(), imageID(r), func(d *images.Draft) error {
		for _, apply := range edits {
			if err := apply(d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, a.appendImage(nil, v))
	return nil
}

func patchDialect(contentType string) (jsonpatch.Dialect, error) {
	switch {
	case isMedia(contentType, mediaPatchV21):
		return jsonpatch.V21, nil
	case isMedia(contentType, mediaPatchV20):
		return jsonpatch.V20, nil
	}
	return 0, fault.New(fault.MediaType, "an image is changed by %s", mediaPatchV21)
}

// edits checks a patch in the order of spec images-api 4.2: all there is to say of the first operation, then of the
// second.
func (a *API) edits(dialect jsonpatch.Dialect, patch []any) ([]edit, error) {
	if len(patch) > maxOperations {
		return nil, fault.New(fault.TooLarge, "%d operations are more than the %d of a patch", len(patch), maxOperations)
	}
	edits := make([]edit, len(patch))
	for i, element := range patch {
		e, err := a.edit(dialect, element)
		if err != nil {
			return nil, &fault.Error{Kind: fault.KindOf(err), Msg: fmt.Sprintf("operation %d: %s", i+1, fault.Message(err)), Err: err}
		}
		edits[i] = e
	}
	return edits, nil
}

func (a *API) edit(dialect jsonpatch.Dialect, element any) (edit, error) {
	op, err := jsonpatch.Parse(dialect, element)
	if err != nil {
		return nil, err
	}
	if name := op.Path[0]; !patchable(name) {
		return nil, fault.New(fault.Forbidden, "the attribute %q cannot be changed", name)
	}
	if op.Op != jsonpatch.Remove {
		if err := a.schema.Validate(partialImage(op)); err != nil {
			return nil, err
		}
	}
	if op.Path[0] == jsonpatch.Locations {
		return locationEdit(op), nil
	}
	return attributeEdit(op, dialect == jsonpatch.V20)
}

// patchable reports whether an attribute is not the service's alone. The names are those of POST, but locations can be
// changed and an id cannot.
func patchable(name string) bool {
	switch name {
	case "id", "direct_url", "self", "file", "schema":
		return false
	case jsonpatch.Locations:
		return true
	}
	return !reservedAttribute(name)
}

// partialImage is the image document as far as an operation tells it, for the schema.
func partialImage(op jsonpatch.Operation) map[string]any {
	if len(op.Path) > 1 {
		return map[string]any{op.Path[0]: []any{op.Value}}
	}
	return map[string]any{op.Path[0]: op.Value}
}

// attributeEdit changes a base attribute or a property. strict is the old dialect, where add never replaces.
func attributeEdit(op jsonpatch.Operation, strict bool) (edit, error) {
	name := op.Path[0]
	if op.Op == jsonpatch.Remove {
		return func(d *images.Draft) error { return d.Remove(name) }, nil
	}
	value, err := attributeValue(name, op.Value)
	if err != nil {
		return nil, err
	}
	return func(d *images.Draft) error {
		switch {
		case op.Op == jsonpatch.Replace:
			return d.Replace(name, value)
		case strict && d.Has(name):
			return fault.New(fault.Conflict, "the image already has %q", name)
		}
		return d.Add(name, value)
	}, nil
}

// attributeValue returns a value that the schema has found valid in the type that a Draft takes.
func attributeValue(name string, value any) (any, error) {
	switch name {
	case "min_disk", "min_ram":
		return number(value)
	case "tags":
		return texts(value), nil
	case "protected":
		return value, nil
	}
	if text := schema.Stored(value); text != nil {
		return *text, nil
	}
	return nil, nil
}

// locationEdit changes the locations (spec images-api 4.5).
func locationEdit(op jsonpatch.Operation) edit {
	switch op.Op {
	case jsonpatch.Add:
		l := location(op.Value)
		return func(d *images.Draft) error { return d.AddLocation(op.Path[1], l) }
	case jsonpatch.Remove:
		return func(d *images.Draft) error { return d.RemoveLocation(op.Path[1]) }
	case jsonpatch.Replace:
	}
	members, _ := op.Value.([]any)
	list := make([]image.Location, len(members))
	for i, v := range members {
		list[i] = location(v)
	}
	return func(d *images.Draft) error { return d.ReplaceLocations(list) }
}

// location reads a location, which the schema has found valid. Members that mean nothing are ignored.
func location(value any) image.Location {
	members, _ := value.(map[string]any)
	url, _ := members["url"].(string)
	metadata, _ := members["metadata"].(map[string]any)
	return image.Location{URL: url, Metadata: metadata}
}
