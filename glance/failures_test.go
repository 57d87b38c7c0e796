package glance_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"goglance/glance"
	"goglance/glance/store"
)

// wantFailure checks that the server failed, and that it does not tell how.
func (f *fixture) wantFailure(a answer) {
	f.t.Helper()
	a.want(http.StatusInternalServerError)
	for _, told := range []string{"sabotage", f.dir, "images/", "UPDATE", "INSERT", "trigger", "image_"} {
		if strings.Contains(a.body, told) {
			f.t.Errorf("%s: the client is told of %q: %s", a.line, told, a.body)
		}
	}
}

// Whatever write of a change fails, nothing of the change is stored, the client is told nothing of the database, and the
// same call succeeds when it is repaired (spec security S69).
func TestDatabaseFails(t *testing.T) {
	t.Parallel()
	patch := func(ops ...string) call {
		return call{line: "PATCH /v2/images/%s", body: "[" + strings.Join(ops, ", ") + "]", headers: []string{patch21}}
	}
	location := located("mem://b", "{}")
	rows := []struct {
		call
		writes []string
	}{
		{patch(v21.op("replace", "/name", `"n"`), v21.op("add", "/new", `"v"`), v21.op("replace", "/k", `"w"`), v21.op("remove", "/gone", ""),
			v21.op("replace", "/tags", `["b", "c"]`), location, v21.op("replace", "/locations", `[{"url": "mem://b", "metadata": {"k": "v"}}, {"url": "mem://a", "metadata": {}}]`)),
			[]string{"UPDATE images", "INSERT image_properties", "UPDATE image_properties", "INSERT image_tags", "UPDATE image_tags", "INSERT image_locations",
				"UPDATE image_locations"}},
		{patch(location, v21.op("remove", "/locations/0", "")), []string{"UPDATE images", "INSERT image_locations", "UPDATE image_locations"}},
		{call{line: "PUT /v2/images/%s/tags/c"}, []string{"UPDATE images", "INSERT image_tags"}},
		{call{line: "DELETE /v2/images/%s/tags/a"}, []string{"UPDATE images", "UPDATE image_tags"}},
		{call{line: "POST /v2/images/%s/members", body: `{"member": "new"}`}, []string{"INSERT image_members"}},
		{call{line: "PUT /v2/images/%s/members/project-member", body: `{"status": "accepted"}`}, []string{"UPDATE image_members"}},
		{call{line: "DELETE /v2/images/%s/members/project-member"}, []string{"UPDATE image_members"}},
		{call{line: "POST /v2/images/%s/actions/deactivate"}, []string{"UPDATE images"}},
		{call{line: "DELETE /v2/images/%s"}, []string{"UPDATE images"}},
	}
	for _, row := range rows {
		for _, write := range row.writes {
			m := &memory{}
			f := start(t, withMemory(m, "a", "data", "b", "data"))
			id := f.as(owner).create(formats + `, "k": "v", "gone": "v", "tags": ["a", "b"]`)
			f.as(owner).patch(v21, id, located("mem://a", "{}")).want(http.StatusOK)
			f.share(id, "pending")
			send := func() answer {
				return f.as(admin).ask(strings.Replace(row.line, "%s", id, 1), row.body, row.headers...)
			}
			before := f.state()
			event, table, _ := strings.Cut(write, " ")
			repair := f.forbid(event, table, "1 = 1")
			f.wantFailure(send())
			repair()
			f.unchanged(before)
			if !m.has("a") || !m.has("b") {
				t.Errorf("%s, %s: left are %v", row.line, write, m.objects)
			}
			if a := send(); a.code >= http.StatusBadRequest {
				t.Errorf("%s, %s: %d when repaired: %s", row.line, write, a.code, a.body)
			}
		}
	}
}

// A database that fails at the end of an upload costs the upload, not the image: it waits for data again, and of the data
// nothing is left.
func TestDatabaseFailsAtUpload(t *testing.T) {
	t.Parallel()
	for write, when := range map[string]string{
		"UPDATE images": "NEW.status = 'saving'", "UPDATE images ": "NEW.status = 'active'", "INSERT image_locations": "1 = 1",
		"INSERT image_properties": "1 = 1",
	} {
		f := start(t)
		c := f.as(owner)
		id := c.create(formats)
		event, table, _ := strings.Cut(strings.TrimSpace(write), " ")
		repair := f.forbid(event, table, when)
		f.wantFailure(c.put(id, "data"))
		repair()
		c.expectUntouched(id)
	}
}

// faltering is a store that fails in the middle of a body, or tells nonsense.
type faltering struct {
	store.Driver
	store.Writer
	put func(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error)
}

func (s *faltering) Put(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error) {
	return s.put(ctx, o, body)
}

// Wherever the store fails, the image waits for data again and the client is told nothing of the store.
func TestStoreFailsAtUpload(t *testing.T) {
	t.Parallel()
	secret := errors.New("https://user:S3CRET@storage.internal/bucket: no route to host")
	for name, put := range map[string]func(w store.Writer) func(context.Context, store.Object, io.Reader) (store.Stored, error){
		"at once": func(store.Writer) func(context.Context, store.Object, io.Reader) (store.Stored, error) {
			return func(context.Context, store.Object, io.Reader) (store.Stored, error) { return store.Stored{}, secret }
		},
		"in the middle": func(store.Writer) func(context.Context, store.Object, io.Reader) (store.Stored, error) {
			return func(_ context.Context, _ store.Object, body io.Reader) (store.Stored, error) {
				_, err := io.CopyN(io.Discard, body, 3)
				return store.Stored{}, errors.Join(err, secret)
			}
		},
		"at the end": func(w store.Writer) func(context.Context, store.Object, io.Reader) (store.Stored, error) {
			return func(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error) {
				stored, err := w.Put(ctx, o, body)
				stored.Size--
				return stored, err
			}
		},
		"in not reading": func(w store.Writer) func(context.Context, store.Object, io.Reader) (store.Stored, error) {
			return func(ctx context.Context, o store.Object, _ io.Reader) (store.Stored, error) {
				return w.Put(ctx, o, strings.NewReader("data"))
			}
		},
		"by panic": func(store.Writer) func(context.Context, store.Object, io.Reader) (store.Stored, error) {
			return func(context.Context, store.Object, io.Reader) (store.Stored, error) { panic("S3CRET") }
		},
	} {
		s := &faltering{}
		f := start(t, func(c *glance.Config) {
			s.Driver = c.Stores.Default().Driver
			s.Writer, _ = s.Driver.(store.Writer)
			only(c, s)
		})
		c := f.as(owner)
		id := c.create(formats)
		s.put = put(s.Writer)
		a := c.put(id, "data").want(http.StatusInternalServerError)
		if strings.Contains(a.body, "S3CRET") || strings.Contains(a.body, "internal/") || strings.Contains(a.body, f.dir) {
			t.Errorf("%s: the client is told %s", name, a.body)
		}
		s.put = s.Writer.Put
		t.Log(name)
		c.expectUntouched(id)
	}
}
