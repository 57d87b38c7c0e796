package images

import (
	"strconv"
	"time"

	"goglance/glance/image"
)

// target is an image as a policy rule sees it: its base attributes, then its custom properties. A property never
// hides an attribute (spec security P15). Values are in the text form that rules compare with (spec tasks-import F.6).
type target struct {
	img *image.Image
}

// Attr returns one attribute in its text form.
func (t target) Attr(name string) (string, bool) {
	i := t.img
	switch name {
	case "id":
		return i.ID, true
	case "name":
		return text(i.Name), true
	case "owner":
		return text(i.Owner), true
	case "status":
		return string(i.Status), true
	case "visibility":
		return string(i.Visibility), true
	case "protected":
		return truth(i.Protected), true
	case "checksum":
		return text(i.Checksum), true
	case "container_format":
		return text(i.ContainerFormat), true
	case "disk_format":
		return text(i.DiskFormat), true
	case "size":
		return digits(i.Size), true
	case "virtual_size":
		return digits(i.VirtualSize), true
	case "min_disk":
		return digits(&i.MinDisk), true
	case "min_ram":
		return digits(&i.MinRAM), true
	case "created_at":
		return i.CreatedAt.Format(time.DateTime), true
	case "updated_at":
		return i.UpdatedAt.Format(time.DateTime), true
	}
	v, ok := i.Properties[name]
	return text(v), ok
}

// All returns every attribute and property in its text form.
func (t target) All() map[string]any {
	base := []string{
		"id", "name", "owner", "status", "visibility", "protected", "checksum", "container_format", "disk_format",
		"size", "virtual_size", "min_disk", "min_ram", "created_at", "updated_at",
	}
	all := make(map[string]any, len(t.img.Properties)+len(base))
	for name, v := range t.img.Properties {
		all[name] = text(v)
	}
	for _, name := range base {
		all[name], _ = t.Attr(name)
	}
	return all
}

// none is how a rule sees what is not set.
const none = "None"

func text(s *string) string {
	if s == nil {
		return none
	}
	return *s
}

func digits(n *int64) string {
	if n == nil {
		return none
	}
	return strconv.FormatInt(*n, 10)
}

func truth(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
