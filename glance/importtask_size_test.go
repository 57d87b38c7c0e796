package glance_test

import (
	"net/http"
	"testing"
)

// TestSecVirtualSizeOfOtherData: what a task has found out about its data is not said of an image that has other data, or
// none: nobody sets virtual_size with his own words (spec tasks-import C.5).
func TestSecVirtualSizeOfOtherData(t *testing.T) {
	t.Parallel()
	f := start(t, importing("127.0.0.1"))
	c := f.as(admin)
	for want, meddle := range map[string]func(id string){
		"active": func(id string) { c.put(id, "other").want(http.StatusNoContent) },
		"queued": func(id string) { // the data could not be verified
			c.ask("PATCH /v2/images/"+id, `[{"op": "add", "path": "/img_signature", "value": "x"},
				{"op": "add", "path": "/img_signature_hash_method", "value": "SHA-256"},
				{"op": "add", "path": "/img_signature_key_type", "value": "RSA-PSS"},
				{"op": "add", "path": "/img_signature_certificate_uuid", "value": "`+numbered(999)+`"}]`, patch21).want(http.StatusOK)
		},
	} {
		p := pausedServer(t, "some, ", "more")
		task := c.imports(source(p.url, rawBare))
		<-p.halfway
		id := f.text("SELECT id FROM images ORDER BY created_at DESC, id DESC LIMIT 1")
		meddle(id)
		close(p.resume)
		if doc := c.ended(task); doc["status"] != "failure" {
			t.Errorf("the task is %v", doc)
		}
		if doc := c.get("/v2/images/" + id).doc(); doc["status"] != want || doc["virtual_size"] != nil {
			t.Errorf("want %s: the image is %v, %v bytes virtually", want, doc["status"], doc["virtual_size"])
		}
	}
}
