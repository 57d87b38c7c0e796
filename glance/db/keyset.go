package db

import (
	"time"

	"goglance/glance/image"
)

// behind is the condition for the images that come after im in the order. It compares key by key; the plain bound on
// the first key lets an index begin where the page begins. NULL is lower than any value (spec images-api 5.3).
func behind(order []image.Order, im *image.Image) (string, []any) {
	if len(order) == 0 {
		return "1 = 0", nil // equal in every key: that is im itself
	}
	key, value := string(order[0].Key), sortValue(im, order[0].Key)
	rest, args := behind(order[1:], im)
	if value == nil {
		if order[0].Desc {
			return key + " IS NULL AND (" + rest + ")", args
		}
		return key + " IS NOT NULL OR " + rest, args
	}
	args = append([]any{value, value}, args...)
	switch {
	case !order[0].Desc:
		return key + " >= ? AND (" + key + " > ? OR (" + rest + "))", args
	case nullable(order[0].Key):
		return key + " < ? OR " + key + " IS NULL OR (" + key + " = ? AND (" + rest + "))", args
	}
	return key + " <= ? AND (" + key + " < ? OR (" + rest + "))", args
}

func nullable(key image.SortKey) bool {
	switch key {
	case image.ByName, image.ByContainerFormat, image.ByDiskFormat, image.BySize, image.ByUpdatedAt:
		return true
	}
	return false
}

// sortValue returns the image's value of a key as SQL compares it, nil for NULL.
func sortValue(im *image.Image, key image.SortKey) any {
	switch key {
	case image.ByName:
		return deref(im.Name)
	case image.ByStatus:
		return string(im.Status)
	case image.ByContainerFormat:
		return deref(im.ContainerFormat)
	case image.ByDiskFormat:
		return deref(im.DiskFormat)
	case image.BySize:
		return deref(im.Size)
	case image.ByCreatedAt:
		return moment(im.CreatedAt)
	case image.ByUpdatedAt:
		return momentOrNil(im.UpdatedAt)
	}
	return im.ID
}

func momentOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return moment(t)
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
