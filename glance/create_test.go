package glance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"goglance/glance"
)

// attempt is the inside of a JSON object to create an image from, and what comes of it.
type attempt struct {
	attrs string
	code  int
}

// tryAll makes every attempt. One that is refused must leave nothing behind.
func (c client) tryAll(rows []attempt) {
	c.t.Helper()
	before := c.state()
	for _, row := range rows {
		a := c.ask("POST /v2/images", "{"+row.attrs+"}").want(row.code)
		now := c.state()
		if a.code != http.StatusCreated && now != before {
			c.t.Errorf("%s: something was stored although the answer is %d", shortened(row.attrs), a.code)
		}
		if a.code == http.StatusCreated && now == before {
			c.t.Errorf("%s: nothing was stored", shortened(row.attrs))
		}
		before = now
	}
}

// values makes an attempt of every JSON value for one attribute.
func values(name string, code int, texts ...string) []attempt {
	var rows []attempt
	for _, text := range texts {
		rows = append(rows, attempt{fmt.Sprintf("%q: %s", name, text), code})
	}
	return rows
}

// letters returns n letters as a JSON string.
func letters(n int) string { return `"` + strings.Repeat("\u00e9", n) + `"` }

// Spec images-api 3.1: what each base property takes.
func TestCreateBaseProperties(t *testing.T) {
	t.Parallel()
	const made, bad = http.StatusCreated, http.StatusBadRequest
	f := start(t)
	f.as(owner).tryAll(slices.Concat(
		values("id", made, `"`+strings.ToUpper("abcdef00-1111-2222-3333-444444444443")+`"`, `"abcdef00-1111-2222-3333-444444444444"`),
		values("id", bad, `""`, `"x"`, "null", "1", `"abcdef00111122223333444444444444"`, `"{abcdef00-1111-2222-3333-444444444445}"`,
			`"abcdef00-1111-2222-3333-44444444444"`, `"abcdef00-1111-2222-3333-4444444444444"`,
			`"gbcdef00-1111-2222-3333-444444444444"`),
		values("name", made, `""`, `"x"`, "null", letters(255)),
		values("name", bad, letters(256), "1", "true", "[]", "{}"),
		values("visibility", made, `"private"`, `"shared"`, `"community"`),
		values("visibility", bad, `""`, `"PUBLIC"`, `"x"`, "null", "1", `["public"]`),
		values("protected", made, "true", "false"),
		values("protected", bad, "null", "0", "1", `"true"`, `"True"`),
		values("container_format", made, "null", `"ami"`, `"ari"`, `"aki"`, `"bare"`, `"ovf"`, `"ova"`, `"docker"`),
		values("container_format", bad, `""`, `"BARE"`, `"compressed"`, "1", "[null]"),
		values("disk_format", made, "null", `"ami"`, `"ari"`, `"aki"`, `"vhd"`, `"vhdx"`, `"vmdk"`, `"raw"`, `"qcow2"`, `"vdi"`, `"iso"`, `"ploop"`),
		values("disk_format", bad, `""`, `"RAW"`, `"qcow"`, "1", "{}"),
		values("tags", made, "[]", `["a"]`, `["a", "a"]`, `[""]`, "["+letters(255)+"]"),
		values("tags", bad, "null", `"a"`, "[1]", "[null]", `[["a"]]`, "{}", "["+letters(256)+"]", `["a", 1]`),
	))
	for _, name := range []string{"min_disk", "min_ram"} {
		f.as(owner).tryAll(append(values(name, made, "0", "1", "2147483647", "1.0", "-0"),
			values(name, bad, "-1", "2147483648", "9223372036854775808", "1.5", `"1"`, "true", "null", "[]")...))
	}
}

// Spec images-api 3.1: what only the service sets.
func TestCreateReadOnlyProperties(t *testing.T) {
	t.Parallel()
	const no, bad = http.StatusForbidden, http.StatusBadRequest
	location := `{"url": "file:///etc/passwd", "metadata": {}}`
	long := `{"url": "` + strings.Repeat("x", 256) + `", "metadata": {}}`
	start(t).as(admin).tryAll(slices.Concat(
		values("status", no, `"queued"`, `"saving"`, `"active"`, `"killed"`, `"deleted"`, `"pending_delete"`, `"deactivated"`),
		values("status", bad, `"uploading"`, `"importing"`, `""`, `"x"`, "null", "1"),
		values("checksum", no, `"d41d8cd98f00b204e9800998ecf8427e"`, `""`, "null"),
		values("checksum", bad, letters(33), "1"),
		values("size", no, "1", "0", "-1", "null"), values("size", bad, `"1"`, "1.5", "true"),
		values("virtual_size", no, "1", "null"), values("virtual_size", bad, `"1"`, "1.5", "[]"),
		values("created_at", no, `"2017-08-01T10:00:00Z"`, `"x"`), values("created_at", bad, "null", "1"),
		values("updated_at", no, `"2017-08-01T10:00:00Z"`, `"x"`), values("updated_at", bad, "null", "1"),
		values("direct_url", no, `"x"`, "1", "null"), values("self", no, `"x"`, "1", "null"),
		values("file", no, `"x"`, "{}"), values("schema", no, `"x"`, "[]"),
		values("locations", no, "[]", "["+location+"]"),
		values("locations", bad, "null", `"x"`, `["x"]`, `[{"url": "x"}]`, `[{"metadata": {}}]`, `[{"url": 1, "metadata": {}}]`, "["+long+"]"),
	))
}

// Spec images-api 3.1: the lists of formats are the operator's.
func TestCreateConfiguredFormats(t *testing.T) {
	t.Parallel()
	const made, bad = http.StatusCreated, http.StatusBadRequest
	start(t, func(c *glance.Config) {
		c.Options.ContainerFormats, c.Options.DiskFormats = []string{"box"}, []string{"tape", "raw"}
	}).as(owner).tryAll(slices.Concat(
		values("container_format", made, `"box"`, "null"), values("container_format", bad, `"bare"`),
		values("disk_format", made, `"tape"`, `"raw"`, "null"), values("disk_format", bad, `"qcow2"`, `"box"`),
	))
}

// Spec images-api 3.2.
func TestCreateCustomProperties(t *testing.T) {
	t.Parallel()
	const made, bad, no = http.StatusCreated, http.StatusBadRequest, http.StatusForbidden
	f := start(t)
	key := strings.Repeat("k", 255)
	f.as(owner).tryAll(slices.Concat(
		values("k", made, `"v"`, `""`, letters(30000), `"\u20ac\ufffd"`),
		values("k", f.unlessMariaDB(made), letters(70000)),
		values("k", bad, "null", "1", "1.5", "true", "[]", "{}", `["v"]`, `"\ud83d\ude00"`, `"x\u0000"`),
		values(key, made, `"v"`), values(key+"k", bad, `"v"`), values("", bad, `"v"`),
		values("\u20ac", made, `"v"`), values("\U0001f600", bad, `"v"`),
		values("is_public", made, `"v"`), values("members", made, `"v"`), values("a/b~c d", made, `"v"`), values("owner_id", made, `"v"`),
		values("location", no, `"v"`), values("location", bad, "1", "null"),
		values("deleted", no, `"v"`), values("deleted", bad, "true", "null"),
		values("deleted_at", no, `"v"`), values("deleted_at", bad, "1", "null"),
	))
	closed := start(t, func(c *glance.Config) { c.Options.CustomProperties = false })
	closed.as(owner).tryAll([]attempt{
		{`"k": "v"`, bad}, {`"location": "v"`, bad}, {`"name": "x"`, made}, {`"tags": ["k"]`, made},
		{`"status": "queued"`, no},
	})
}

// many returns n custom properties.
func many(n int) string {
	pairs := make([]string, n)
	for i := range pairs {
		pairs[i] = fmt.Sprintf(`"k%d": "v"`, i)
	}
	return strings.Join(pairs, ", ")
}

// tags returns n tags, all different or all the same.
func tags(n int, format string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	text, _ := json.Marshal(list) //nolint:errchkjson // strings can always be encoded
	return `"tags": ` + string(text)
}

// Spec images-api 11: how many properties and tags there may be.
func TestCreateQuotas(t *testing.T) {
	t.Parallel()
	const made, much = http.StatusCreated, http.StatusRequestEntityTooLarge
	start(t).as(owner).tryAll([]attempt{
		{many(128), made}, {many(129), much}, {tags(128, "%d"), made}, {tags(129, "%d"), much},
		{tags(129, "same%.0d"), much},
	})
	quota := func(n int) func(*glance.Config) {
		return func(c *glance.Config) { c.Options.PropertyQuota, c.Options.TagQuota = n, n }
	}
	start(t, quota(0)).as(owner).tryAll([]attempt{
		{"", made}, {`"tags": []`, made}, {many(1), much}, {tags(1, "%d"), much}, {`"name": "x", "min_ram": 1`, made},
	})
	start(t, quota(-1)).as(admin).tryAll([]attempt{{many(300), made}, {tags(300, "%d"), made}})
	start(t, quota(1)).as(admin).tryAll([]attempt{{many(1), made}, {many(2), much}, {tags(1, "%d"), made}, {tags(2, "%d"), much}})
}

// Spec images-api 3.4.
func TestCreateOwner(t *testing.T) {
	t.Parallel()
	const made, no, bad = http.StatusCreated, http.StatusForbidden, http.StatusBadRequest
	f := start(t)
	f.as(owner).tryAll(slices.Concat(
		[]attempt{{"", made}}, values("owner", made, `"project-owner"`),
		values("owner", no, `"project-admin"`, `"Project-owner"`, `"project-owner "`, `""`, "null"), values("owner", bad, "1", letters(256)),
	))
	f.plain().with(unscoped()...).tryAll(append(values("owner", no, "null", `""`, `"user-unscoped"`, `"x"`), attempt{"", no}))
	f.as(admin).tryAll(append(values("owner", made, `"x"`, "null", `""`, letters(255)), values("owner", bad, letters(256), "1")...))
	rows := []struct {
		by    client
		attrs string
		owner any
	}{
		{f.as(owner), "", "project-owner"}, {f.as(admin), "", "project-admin"}, {f.as(admin), `"owner": "x"`, "x"},
		{f.as(admin), `"owner": null`, nil}, {f.as(admin), `"owner": ""`, nil},
		{f.plain().with("X-Identity-Status: Confirmed", "X-Roles: admin"), "", nil},
	}
	for _, row := range rows {
		id := row.by.create(row.attrs)
		if got := f.as(admin).get("/v2/images/" + id).doc()["owner"]; got != row.owner {
			t.Errorf("%s: the owner is %v, want %v", row.attrs, got, row.owner)
		}
		stored := f.text("SELECT COALESCE(owner, 'nobody') FROM images WHERE id = ?", id)
		if row.owner == nil && stored != "nobody" {
			t.Errorf("%s: the owner is stored as %q", row.attrs, stored)
		}
	}
}

// Spec images-api 3.5.
func TestCreateVisibility(t *testing.T) {
	t.Parallel()
	const made, no = http.StatusCreated, http.StatusForbidden
	all := func(public, community int) []attempt {
		return slices.Concat(values("visibility", public, `"public"`), values("visibility", community, `"community"`),
			values("visibility", made, `"private"`, `"shared"`), []attempt{{"", made}})
	}
	f := start(t)
	f.as(owner).tryAll(all(no, made))
	f.as(admin).tryAll(all(made, made))
	start(t, rules("publicize_image", "", "communitize_image", "role:admin")).as(owner).tryAll(all(made, no))
	start(t, rules("publicize_image", "!", "communitize_image", "!")).as(admin).tryAll(all(no, no))
	// The rule is asked about nothing, so one that needs an attribute says no (spec images-api 13).
	start(t, rules("publicize_image", "project_id:%(owner)s", "communitize_image", "project_id:%(owner)s")).as(owner).tryAll(all(no, no))
	if got := f.as(owner).ask("POST /v2/images", "{}").doc()["visibility"]; got != "shared" {
		t.Errorf("the default is %v", got)
	}
}
