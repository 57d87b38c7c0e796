package glance_test

import (
	"net/http"
	"strings"
	"testing"

	"goglance/glance"
)

// badLocations are values that the schema does not take for a location (spec images-api 3.1).
func badLocations() []string {
	return []string{
		"null", "5", `"x"`, "true", "[]", "{}", `{"url": "x"}`, `{"metadata": {}}`, `{"url": 5, "metadata": {}}`, `{"url": null, "metadata": {}}`,
		`{"url": "x", "metadata": null}`, `{"url": "x", "metadata": []}`, `{"url": "x", "metadata": "y"}`, `{"URL": "x", "metadata": {}}`,
		`{"url": "` + strings.Repeat("x", 256) + `", "metadata": {}}`, `[{"url": "x", "metadata": {}}]`,
	}
}

// Spec images-api 4.2 check 11: what is no location is refused before the image is looked up, and before the option.
func TestPatchLocationValues(t *testing.T) {
	t.Parallel()
	for _, shown := range []bool{false, true} {
		f := start(t, func(c *glance.Config) { c.Options.ShowLocations = shown })
		id := f.as(owner).store("", "data")
		before := f.state()
		for _, d := range dialects() {
			for _, value := range badLocations() {
				for _, target := range []string{id, "missing"} {
					for _, position := range []string{"-", "0", "x"} {
						f.as(owner).patch(d, target, d.op("add", "/locations/"+position, value)).want(http.StatusBadRequest)
					}
					f.as(anonymous).patch(d, target, d.op("replace", "/locations", "["+value+"]")).want(http.StatusBadRequest)
					if value != "[]" && !strings.HasPrefix(value, "[{") {
						f.as(owner).patch(d, target, d.op("replace", "/locations", value)).want(http.StatusBadRequest)
					}
				}
			}
		}
		f.unchanged(before)
	}
}

// Spec images-api 4.5: the order of option, status, last location and position.
func TestPatchLocationPositions(t *testing.T) {
	t.Parallel()
	const location = `{"url": "http://127.0.0.1:1/x", "metadata": {}}`
	bad := []string{"x", "-1", "+1", "1.0", "1e0", "0x1", "--", "~1", "~0", "\uff11", "1_0", "1 0"}
	for _, shown := range []bool{false, true} {
		f := start(t, func(c *glance.Config) { c.Options.ShowLocations = shown })
		choose := func(code int) int {
			if !shown {
				return http.StatusForbidden
			}
			return code
		}
		queued, active, saving := f.as(owner).create(formats), f.as(owner).store("", "data"), f.as(owner).create(formats)
		f.setStatus(saving, "saving")
		two := f.as(owner).store("", "data")
		f.exec(`INSERT INTO image_locations (image_id, value, meta_data, created_at, deleted, status)
			VALUES (?, 'http://127.0.0.1:1/y', '{}', '2017-08-01 10:00:00.000000', FALSE, 'active')`, two)
		before := f.state()
		for _, d := range dialects() {
			for _, position := range append(bad, "2", "99999999999", "99999999999999999999999999") {
				add, remove := d.op("add", "/locations/"+position, location), d.op("remove", "/locations/"+position, "")
				f.as(owner).patch(d, queued, add).want(choose(400)) // for the position, or for the host
				f.as(owner).patch(d, active, add).want(choose(400))
				f.as(owner).patch(d, saving, add).want(choose(409))
				f.as(owner).patch(d, "missing", add).want(404)
				f.as(owner).patch(d, queued, remove).want(choose(409))
				f.as(owner).patch(d, active, remove).want(choose(403))
				f.as(owner).patch(d, two, remove).want(choose(400))
				f.as(owner).patch(d, "missing", remove).want(404)
				f.as(anonymous).patch(d, two, remove).want(403)
				f.as(stranger).patch(d, two, remove).want(404)
			}
			for _, id := range []string{queued, active, two, saving} {
				f.as(owner).patch(d, id, d.op("replace", "/locations", "[]")).want(http.StatusForbidden)
			}
			f.as(owner).patch(d, "missing", d.op("replace", "/locations", "[]")).want(http.StatusNotFound)
		}
		f.unchanged(before)
	}
}
