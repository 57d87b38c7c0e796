package importer

import (
	"encoding/json"
	"strings"
	"testing"

	"goglance/glance/fault"
)

// The input of a task is refused with the name of what is wrong, in the order of spec tasks-import C.2 and C.3.
func TestInput(t *testing.T) {
	t.Parallel()
	im := reader(t, 0)
	with := func(properties string) string {
		return `{"import_from": "http://h/x", "import_from_format": 1, "image_properties": ` + properties + `}`
	}
	from := func(url string) string {
		return `{"import_from": ` + url + `, "import_from_format": "", "image_properties": {}}`
	}
	rows := []struct{ input, want string }{
		{`{}`, "lacks import_from"}, {`{"import_from": "x"}`, "lacks import_from_format"},
		{`{"import_from": "file:///x", "import_from_format": ""}`, "lacks image_properties"},
		{`{"import_from_format": "", "image_properties": {}}`, "lacks import_from"},
		{from(`""`), `""`}, {from(`null`), "no location"}, {from(`1`), "not a text"}, {from(`["http://h/"]`), "not a text"}, {from(`{}`), "not a text"},
		{from(`"file:///etc/hosts"`), "files of this machine"}, {from(`"FILE:///etc/hosts"`), "files of this machine"},
		{from(`"filesystem:///x"`), "files of this machine"}, {from(`"ftp://u:secret@h/x"`), "['http']"}, {from(`"swift://x"`), "['http']"},
		{from(`"x"`), "['http']"}, {from(`"//h/x"`), "['http']"}, {from(`" http://h/"`), "['http']"},
		{with(`[]`), "not an object"}, {with(`null`), "not an object"}, {with(`"x"`), "not an object"}, {with(`1`), "not an object"},
		{with(`{"status": "active"}`), "status"}, {with(`{"id": "x"}`), `"id"`}, {with(`{"checksum": "x"}`), "checksum"},
		{with(`{"size": 1}`), "size"}, {with(`{"virtual_size": 1}`), "virtual_size"}, {with(`{"created_at": "x"}`), "created_at"},
		{with(`{"updated_at": "x"}`), "updated_at"}, {with(`{"locations": []}`), "locations"}, {with(`{"direct_url": "x"}`), "direct_url"},
		{with(`{"self": "x"}`), "self"}, {with(`{"file": "x"}`), "file"}, {with(`{"schema": "x"}`), "schema"}, {with(`{"os_glance_x": "x"}`), "os_glance_x"},
		{with(`{"disk_format": "-x"}`), "disk_format"}, {with(`{"disk_format": "raw,file.filename=/etc/hosts"}`), "disk_format"}, // spec security S121
		{with(`{"container_format": "x"}`), "container_format"}, {with(`{"name": 1}`), "name"}, {with(`{"visibility": "x"}`), "visibility"},
		{with(`{"min_disk": 1.5}`), "min_disk"}, {with(`{"tags": "x"}`), "tags"}, {with(`{"protected": "x"}`), "protected"},
	}
	for _, row := range rows {
		var raw map[string]any
		if err := json.Unmarshal([]byte(row.input), &raw); err != nil {
			t.Fatal(err)
		}
		_, err := im.readInput(raw)
		if text := fault.Message(err); text == "" || !strings.Contains(text, row.want) || strings.Contains(text, "secret") {
			t.Errorf("%s: %v", row.input, err)
		}
	}
}

func TestGoodInput(t *testing.T) {
	t.Parallel()
	var raw map[string]any
	text := `{"import_from": "HTTPS://h/x", "import_from_format": null, "more": 1, "image_properties": {"name": null, "owner": "o",
		"visibility": "public", "protected": true, "disk_format": "raw", "container_format": "bare", "min_disk": 2, "min_ram": 3,
		"tags": ["a", "b"], "kernel_id": "x"}}`
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatal(err)
	}
	in, err := reader(t, 0).readInput(raw)
	if err != nil {
		t.Fatal(err)
	}
	n := in.attributes
	if in.url != "HTTPS://h/x" || n.Name != nil || !n.OwnerSet || *n.Owner != "o" || n.Visibility != "public" || !n.Protected ||
		*n.DiskFormat != "raw" || *n.ContainerFormat != "bare" || n.MinDisk != 2 || n.MinRAM != 3 || strings.Join(n.Tags, "") != "ab" ||
		*n.Properties["kernel_id"] != "x" || len(n.Properties) != 1 {
		t.Errorf("%+v", in)
	}
}
