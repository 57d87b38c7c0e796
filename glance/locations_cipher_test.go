package glance_test

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goglance/glance"
	"goglance/glance/db"
)

const cipherKey = "0123456789abcdef"

// encrypted starts a service whose database encrypts locations with key, beside f.
func (f *fixture) encrypted(key string) *fixture {
	f.t.Helper()
	return f.second(func(c *glance.Config) {
		o := f.options
		o.MetadataEncryptionKey = key
		var err error
		c.DB, err = db.Open(f.t.Context(), o)
		f.must(err)
		f.t.Cleanup(func() { f.must(c.DB.Close()) })
		c.Options.ShowDirectURL, c.Options.ShowLocations = true, true
	})
}

// flip changes the first letters of a URL in a stored location, as whoever can write to the database can without the key.
func flip(t *testing.T, stored, from, to string) string {
	t.Helper()
	data, err := base64.URLEncoding.DecodeString(stored)
	if err != nil {
		t.Fatal(err)
	}
	for i := range from {
		data[i] ^= from[i] ^ to[i]
	}
	return base64.URLEncoding.EncodeToString(data)
}

// Spec security S106: a location that was tampered with, that another key has encrypted or that is in clear is of no
// use, reads no other file, and neither it nor its image's neighbours suffer from it.
func TestSecLocationCipherTamper(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.encrypted(cipherKey)
	id, sound := c.as(owner).store(`"name": "broken"`, "data"), c.as(owner).store("", "sound")
	stored := f.text("SELECT value FROM image_locations WHERE image_id = ?", id)
	if strings.Contains(stored, "file") {
		t.Fatalf("stored %q", stored)
	}
	sentinel := filepath.Join(f.dir, "sentinel")
	f.must(os.WriteFile(sentinel, []byte("data"), 0o600))
	for name, value := range map[string]string{
		"scheme": flip(t, stored, "file://", "http://"), "no scheme": flip(t, stored, "file://", "\x00ile://"), "not UTF-8": flip(t, stored, "file", "\xff\xfe\xfd\xfc"),
		"short": stored[:20], "half": stored[:len(stored)/2], "clear": "file://" + sentinel, "empty": "", "clear own": "file://" + f.object(id),
	} {
		f.exec("UPDATE image_locations SET value = ? WHERE image_id = ?", value, id)
		a := c.as(owner).get("/v2/images/" + id + "/file")
		if a.code < http.StatusBadRequest || strings.Contains(a.body, "sentinel") {
			t.Errorf("%s: %d %q", name, a.code, a.body)
		}
		for _, path := range []string{"/v2/images/" + id, "/v2/images"} {
			a := c.as(owner).get(path).want(http.StatusOK)
			if !strings.Contains(a.body, id) || strings.Contains(a.body, "sentinel") || value != "" && strings.Contains(a.body, value) {
				t.Errorf("%s: %s shows %s", name, path, a.body)
			}
		}
		c.as(owner).ask("PATCH /v2/images/"+id, `[{"op": "replace", "path": "/name", "value": "x"}]`, patchType).want(http.StatusOK)
		if got := f.text("SELECT value FROM image_locations WHERE image_id = ? AND NOT deleted", id); got != value {
			t.Errorf("%s: a change of the name made %q of %q", name, got, value)
		}
		if log := f.logged(); strings.Contains(log, "sentinel") || len(value) > 9 && strings.Contains(log, value[:10]) {
			t.Errorf("%s: the log tells: %s", name, log)
		}
	}
	c.as(owner).get("/v2/images/" + sound + "/file").want(http.StatusOK).wantBody("sound")
	f.exec("UPDATE image_locations SET value = ? WHERE image_id = ?", stored, id)
	f.encrypted("another key: 16b").as(owner).ask("DELETE /v2/images/"+sound, "").want(http.StatusConflict) // or its data would stay for ever
	c.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
	if _, err := db.Open(t.Context(), db.Options{Path: filepath.Join(f.dir, "x"), MetadataEncryptionKey: "short"}); err == nil {
		t.Error("a key of five bytes is taken")
	}
}

// Spec security S107: the metadata of a location is stored in clear, and no credentials are in it; the URL is stored
// encrypted and shown decrypted to those who may see it.
func TestSecLocationMetadataClear(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.encrypted(cipherKey)
	id := c.as(owner).store("", "data")
	url := "file://" + f.object(id)
	if got := f.text("SELECT meta_data FROM image_locations WHERE image_id = ?", id); got != "{}" {
		t.Errorf("the metadata is %s", got)
	}
	if got := f.text("SELECT value FROM image_locations WHERE image_id = ?", id); strings.ContainsAny(got, ":/") {
		t.Errorf("the URL is stored as %s", got)
	}
	doc := c.as(owner).get("/v2/images/" + id).want(http.StatusOK).doc()
	if doc["direct_url"] != url {
		t.Errorf("direct_url is %v", doc["direct_url"])
	}
}
