package importer

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/images"
	"goglance/glance/internal/schema"
)

// input is the input of a task of type import.
type input struct {
	url        string
	attributes images.Attributes
}

// readInput reads the input (spec tasks-import C.1) and refuses what can be refused without a look at the network, in the
// order of C.2.
func (im *Importer) readInput(raw map[string]any) (in input, err error) {
	for _, key := range []string{"import_from", "import_from_format", "image_properties"} {
		if _, ok := raw[key]; !ok {
			return in, fault.New(fault.Invalid, "the input of the task lacks %s", key)
		}
	}
	if in.url, err = location(raw["import_from"]); err != nil {
		return in, err
	}
	in.attributes, err = im.readAttributes(raw["image_properties"])
	return in, err
}

// location reads import_from. What it says is not repeated: it may hold a password.
func location(value any) (string, error) {
	url, ok := value.(string)
	switch {
	case url == "" && (ok || value == nil):
		return "", fault.New(fault.Invalid, "import_from: %q is no location to import from", url)
	case !ok:
		return "", fault.New(fault.Invalid, "import_from is not a text")
	}
	scheme, _, _ := strings.Cut(strings.ToLower(url), "://")
	switch scheme {
	case "http", "https":
		return url, nil
	case "file", "filesystem":
		return "", fault.New(fault.Invalid, "import_from: files of this machine are not imported, name a source elsewhere")
	}
	return "", fault.New(fault.Invalid, "import_from is not a URI that can be imported; the supported schemes are ['http']")
}

// readAttributes reads image_properties, which obey the schema of images (spec tasks-import C.3). Formats that the
// operator does not allow are refused here, long before anything is run with them (spec security S121).
func (im *Importer) readAttributes(value any) (n images.Attributes, err error) {
	text, err := json.Marshal(value)
	if err != nil {
		return n, fault.Wrap(fault.Internal, "importer.readAttributes", err)
	}
	var attrs map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&attrs); err != nil || attrs == nil {
		return n, fault.New(fault.Invalid, "image_properties is not an object")
	}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if reserved(name) {
			return n, fault.New(fault.Forbidden, "image_properties: %q cannot be set", name)
		}
	}
	if err := im.schema.Validate(attrs); err != nil {
		return n, err
	}
	for name, v := range attrs {
		if err := setAttribute(&n, name, v); err != nil {
			return n, err
		}
	}
	return n, nil
}

// reserved reports whether an attribute is not for a task to set.
func reserved(name string) bool {
	switch name {
	case "id", "self", "file", "schema", "locations", "location", "direct_url", "status", "created_at", "updated_at",
		"checksum", "size", "virtual_size", "deleted", "deleted_at":
		return true
	}
	return strings.HasPrefix(name, "os_glance_") // spec security S30
}

// setAttribute copies one attribute, which the schema has found valid, into n.
func setAttribute(n *images.Attributes, name string, value any) (err error) {
	text, isText := value.(string)
	optional := &text
	if !isText {
		optional = nil
	}
	switch name {
	case "name":
		n.Name = optional
	case "owner":
		n.Owner, n.OwnerSet = optional, true
	case "visibility":
		n.Visibility = image.Visibility(text)
	case "protected":
		n.Protected, _ = value.(bool)
	case "container_format":
		n.ContainerFormat = optional
	case "disk_format":
		n.DiskFormat = optional
	case "min_disk":
		n.MinDisk, err = number(name, value)
	case "min_ram":
		n.MinRAM, err = number(name, value)
	case "tags":
		list, _ := value.([]any)
		for _, tag := range list {
			text, _ := tag.(string)
			n.Tags = append(n.Tags, text)
		}
	default:
		if n.Properties == nil {
			n.Properties = map[string]*string{}
		}
		n.Properties[name] = schema.Stored(value)
	}
	return err
}

func number(name string, value any) (int64, error) {
	n, _ := value.(json.Number)
	whole, err := n.Int64()
	if err != nil {
		return 0, fault.New(fault.Invalid, "image_properties: %s is not a whole number", name)
	}
	return whole, nil
}
