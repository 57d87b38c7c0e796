package api

import (
	"net/http"
	"strings"

	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/images"
)

// listImages is GET /v2/images (spec images-api 5).
func (a *API) listImages(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	page, err := imagesPage(q)
	if err != nil {
		return err
	}
	views, more, err := a.Images.List(r.Context(), page)
	if err != nil {
		return err
	}
	var doc object
	doc.list("images", len(views), func(buf []byte, i int) []byte { return a.appendImage(buf, views[i]) })
	doc.string("first", imagesLink(q, ""))
	doc.string("schema", "/v2/schemas/images")
	if more {
		doc.string("next", imagesLink(q, views[len(views)-1].ID))
	}
	sendJSON(w, http.StatusOK, doc.end())
	return nil
}

// imagesLink is a relative link to a page of the list that q asked for; marker "" leads to the first.
func imagesLink(q query, marker string) string {
	q = q.without("marker")
	if marker != "" {
		q = append(q, parameter{"marker", marker})
	}
	if len(q) == 0 {
		return "/v2/images"
	}
	return "/v2/images?" + q.encode()
}

// imagesPage reads the parameters of a list.
func imagesPage(q query) (images.Page, error) {
	page := images.Page{Limit: -1}
	if marker, ok := q.get("marker"); ok {
		page.Marker = &marker
	}
	var err error
	if limit, ok := q.get("limit"); ok {
		if page.Limit, err = parseLimit(limit); err != nil {
			return page, err
		}
	}
	if page.Sort, err = sortOf(q); err != nil {
		return page, err
	}
	page.Filter, err = filterOf(q)
	return page, err
}

// maxDigits of a limit are read; the page is capped long before.
const maxDigits = 9

// parseLimit reads ASCII digits only (spec security S78).
func parseLimit(text string) (int, error) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, fault.New(fault.Invalid, "limit must be an integer of at least 0")
	}
	text = strings.TrimLeft(text, "0")
	if len(text) > maxDigits {
		text = text[:maxDigits]
	}
	n := 0
	for _, digit := range text {
		n = n*10 + int(digit-'0')
	}
	return n, nil
}

// sortOf reads sort, or sort_key and sort_dir (spec images-api 5.3).
func sortOf(q query) ([]image.Order, error) {
	combined, both := q.get("sort")
	keys, dirs := q.all("sort_key"), q.all("sort_dir")
	if !both {
		return pair(keys, dirs)
	}
	if len(keys)+len(dirs) > 0 {
		return nil, fault.New(fault.Invalid, "sort cannot be used with sort_key or sort_dir")
	}
	for item := range strings.SplitSeq(combined, ",") {
		key, dir, _ := strings.Cut(item, ":")
		if dir == "" {
			dir = "desc"
		}
		keys, dirs = append(keys, strings.TrimSpace(key)), append(dirs, strings.TrimSpace(dir))
	}
	return pair(keys, dirs)
}

// pair gives every key its direction: none, one for all, or one each. Where there is one, the tie-breakers follow it.
func pair(keys, dirs []string) ([]image.Order, error) {
	if len(dirs) == 0 {
		dirs = []string{"desc"}
	}
	if len(dirs) > 1 && len(dirs) != len(keys) {
		return nil, fault.New(fault.Invalid, "there must be one sort direction, or one for each sort key")
	}
	for _, dir := range dirs {
		if dir != "asc" && dir != "desc" {
			return nil, fault.New(fault.Invalid, "the sort direction %q is neither asc nor desc", dir)
		}
	}
	var sort []image.Order
	for i, key := range keys {
		o := image.Order{Key: image.SortKey(key), Desc: dirs[min(i, len(dirs)-1)] == "desc"}
		if !o.Key.Valid() {
			return nil, fault.New(fault.Invalid, "images cannot be sorted by %q", key)
		}
		sort = append(sort, o)
	}
	return image.Total(sort, len(dirs) > 1 || dirs[0] == "desc"), nil
}
