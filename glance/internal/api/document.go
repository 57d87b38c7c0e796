package api

import (
	"maps"
	"slices"

	"goglance/glance/image"
	"goglance/glance/internal/images"
)

// imagePath is where an image is, from the root of the API. Links in documents never have the prefix of a front end:
// the clients put it before them.
func imagePath(v *images.View) string { return "/v2/images/" + v.ID }

// stamp is the form of times in documents: UTC, whole seconds.
const stamp = "2006-01-02T15:04:05Z"

// appendImage appends the document of an image (spec images-api 16). A custom property never stands in for a base
// attribute of its name.
func (a *API) appendImage(buf []byte, v *images.View) []byte {
	var o object
	for _, name := range slices.Sorted(maps.Keys(v.Properties)) {
		switch value, ok := a.schema.Show(name, v.Properties[name]); {
		case ok && value.JSON:
			o.raw(name, value.Text)
		case ok:
			o.string(name, value.Text)
		}
	}
	o.nullable("name", v.Name)
	o.nullable("disk_format", v.DiskFormat)
	o.nullable("container_format", v.ContainerFormat)
	o.string("visibility", string(v.Visibility))
	o.nullableNumber("size", v.Size)
	o.nullableNumber("virtual_size", v.VirtualSize)
	o.string("status", string(v.Status))
	o.nullable("checksum", v.Checksum)
	o.bool("protected", v.Protected)
	o.number("min_ram", v.MinRAM)
	o.number("min_disk", v.MinDisk)
	o.nullable("owner", v.Owner)
	o.string("id", v.ID)
	o.string("created_at", v.CreatedAt.UTC().Format(stamp))
	o.string("updated_at", v.UpdatedAt.UTC().Format(stamp))
	o.list("tags", len(v.Tags), func(buf []byte, i int) []byte { return appendString(buf, v.Tags[i]) })
	o.string("self", imagePath(v))
	o.string("file", imagePath(v)+"/file")
	o.string("schema", "/v2/schemas/image")
	if v.DirectURL != "" {
		o.string("direct_url", v.DirectURL)
	}
	if v.ShowLocations {
		o.list("locations", len(v.Locations), func(buf []byte, i int) []byte { return appendLocation(buf, v.Locations[i]) })
	}
	return append(buf, o.end()...)
}

func appendLocation(buf []byte, l image.Location) []byte {
	var o object
	o.string("url", l.URL)
	o.raw("metadata", string(appendJSON(nil, l.Metadata)))
	return append(buf, o.end()...)
}
