package glance_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

// What a client was shown of a namespace it may send back, as the glance client does with every change, less the keys at
// the top that cannot be written (spec metadefs 3.1, 4.6). A change leaves alone what is in the namespace.
func TestMetadefSentBack(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.as(owner).define("n", everything)
	shown := f.as(owner).get(definitions + "/n").want(http.StatusOK).doc()
	for _, key := range []string{"self", "schema", "created_at", "updated_at"} {
		delete(shown, key)
	}
	shown["description"] = "changed"
	body, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	f.as(owner).ask("PUT "+definitions+"/n", string(body)).want(http.StatusOK)
	after := f.as(owner).get(definitions + "/n").want(http.StatusOK).doc()
	if after["description"] != "changed" || after["objects"] == nil || after["resource_type_associations"] == nil || after["tags"] == nil {
		t.Errorf("%v", after)
	}
	shown["namespace"] = "copy"
	if body, err = json.Marshal(shown); err != nil {
		t.Fatal(err)
	}
	f.as(owner).ask("POST "+definitions, string(body)).want(http.StatusCreated)
	f.as(owner).ask("PUT "+definitions+"/n", `{"namespace": "n", "tags": [{"name": "t", "more": 1}]}`).want(http.StatusBadRequest)
}
