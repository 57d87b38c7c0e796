package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/api/middleware"
	"goglance/glance/internal/images"
	"goglance/glance/internal/schema"
)

// createImage is POST /v2/images (spec images-api 3).
func (a *API) createImage(w http.ResponseWriter, r *http.Request) error {
	attrs, err := a.decodeObject(r)
	if err != nil {
		return err
	}
	n, err := a.imageAttributes(attrs)
	if err != nil {
		return err
	}
	v, err := a.Images.Create(r.Context(), n)
	if err != nil {
		return err
	}
	w.Header().Set("Location", middleware.From(r.Context()).BaseURL()+imagePath(v))
	if a.Options.EnableImport {
		w.Header().Set(headerMethods, directImport)
	}
	sendJSON(w, http.StatusCreated, a.appendImage(nil, v))
	return nil
}

// showImage is GET /v2/images/{id}.
func (a *API) showImage(w http.ResponseWriter, r *http.Request) error {
	v, err := a.Images.Get(r.Context(), imageID(r))
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, a.appendImage(nil, v))
	return nil
}

// deleteImage is DELETE /v2/images/{id} (spec images-api 10).
func (a *API) deleteImage(w http.ResponseWriter, r *http.Request) error {
	return sendNothing(w, a.Images.Delete(r.Context(), imageID(r)))
}

// imageAttributes reads the attributes of a new image in the order of checks of spec images-api 3.6.
func (a *API) imageAttributes(attrs map[string]any) (images.Attributes, error) {
	var n images.Attributes
	if err := refuseKeys(attrs, "direct_url", "self", "file", "schema"); err != nil {
		return n, err
	}
	if err := a.schema.Validate(attrs); err != nil {
		return n, err
	}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if reservedAttribute(name) {
			n.Reserved = name
		} else if err := setAttribute(&n, name, attrs[name]); err != nil {
			return n, err
		}
	}
	return n, nil
}

// refuseKeys refuses attributes that are made up for every answer.
func refuseKeys(attrs map[string]any, names ...string) error {
	for _, name := range names {
		if _, ok := attrs[name]; ok {
			return fault.New(fault.Forbidden, "the attribute %q cannot be set", name)
		}
	}
	return nil
}

// hidden begins the names of properties that belong to the service (spec security S30).
const hidden = "os_glance_"

// reservedAttribute reports whether an attribute is the service's to set.
func reservedAttribute(name string) bool {
	switch name {
	case "created_at", "updated_at", "status", "checksum", "size", "virtual_size", "locations", "location",
		"deleted", "deleted_at":
		return true
	}
	return strings.HasPrefix(name, hidden)
}

// setAttribute copies one attribute, which the schema has found valid, into n.
func setAttribute(n *images.Attributes, name string, value any) (err error) {
	switch name {
	case "id":
		n.ID, _ = value.(string)
	case "name":
		n.Name = nullable(value)
	case "owner":
		n.Owner, n.OwnerSet = nullable(value), true
	case "visibility":
		v, _ := value.(string)
		n.Visibility = image.Visibility(v)
	case "protected":
		n.Protected, _ = value.(bool)
	case "container_format":
		n.ContainerFormat = nullable(value)
	case "disk_format":
		n.DiskFormat = nullable(value)
	case "min_disk":
		n.MinDisk, err = number(value)
	case "min_ram":
		n.MinRAM, err = number(value)
	case "tags":
		n.Tags = texts(value)
	default:
		if n.Properties == nil {
			n.Properties = map[string]*string{}
		}
		n.Properties[name] = schema.Stored(value)
	}
	return err
}

func nullable(value any) *string {
	if s, ok := value.(string); ok {
		return &s
	}
	return nil
}

func number(value any) (int64, error) {
	n, _ := value.(json.Number)
	return integer(n)
}

func texts(value any) []string {
	list, _ := value.([]any)
	out := make([]string, 0, len(list))
	for _, v := range list {
		s, _ := v.(string)
		out = append(out, s)
	}
	return out
}
