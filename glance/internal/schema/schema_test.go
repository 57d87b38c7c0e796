package schema

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"goglance/glance/fault"
)

// compiled returns the schema of an image with two formats of each kind.
func compiled(t *testing.T, custom bool) *Image {
	t.Helper()
	s, err := NewImage(Formats{Container: []string{"bare", "box"}, Disk: []string{"raw", "tape"}}, custom, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// document decodes as the API does.
func document(t *testing.T, text string) any {
	t.Helper()
	doc, err := decoded(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return doc
}

func decoded(text string) (doc any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	err = d.Decode(&doc)
	return doc, err
}

func TestValid(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"{}", `{"k": "v"}`, `{"disk_format": "tape", "container_format": null}`,
		`{"min_disk": 1.0, "min_ram": -1, "size": null}`, `{"tags": []}`,
		`{"locations": [{"url": "x", "metadata": {"n": 1, "deep": [[{}]]}, "more": 1}]}`,
		`{"name": null, "owner": null, "checksum": null}`,
	} {
		if err := compiled(t, true).Validate(document(t, text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// The message names the attribute and is fit for the client.
func TestInvalid(t *testing.T) {
	t.Parallel()
	rows := []struct{ text, names string }{
		{`{"min_disk": "1"}`, `"min_disk"`}, {`{"tags": ["a", 1]}`, `"tags/1"`},
		{`{"locations": [{"url": "x"}]}`, `"locations/0"`}, {`{"k": 1}`, `"k"`},
		{`{"disk_format": "vhd"}`, `"disk_format"`}, {`{"container_format": "bare "}`, `"container_format"`},
		{`{"id": "x"}`, `"id"`}, {`{"name": 1}`, `"name"`},
		{`{"protected": null}`, `"protected"`}, {`{"visibility": "x"}`, `"visibility"`}, {`{"owner": true}`, `"owner"`},
		{`[]`, ""}, {`1`, ""},
	}
	for _, row := range rows {
		err := compiled(t, true).Validate(document(t, row.text))
		if row.names == "" {
			continue // the API asks about objects only
		}
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), row.names) {
			t.Errorf("%s: %v", row.text, err)
		}
	}
}

func TestCustomPropertiesForbidden(t *testing.T) {
	t.Parallel()
	s := compiled(t, false)
	if err := s.Validate(document(t, `{"name": "x", "tags": ["a"]}`)); err != nil {
		t.Error(err)
	}
	err := s.Validate(document(t, `{"secret_key": "v"}`))
	if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "secret_key") {
		t.Errorf("error %v", err)
	}
}

// A number is read in no time, however long it is and wherever it stands.
func TestLongNumbers(t *testing.T) {
	t.Parallel()
	s := compiled(t, true)
	long := strings.Repeat("7", 2<<20)
	begin := time.Now()
	for _, text := range []string{
		`{"min_disk": ` + long + `}`, `{"min_disk": -` + long + `}`, `{"size": 0.` + long + `}`, `{"k": ` + long + `}`,
		`{"tags": [[` + long + `]]}`,
		`{"locations": [{"url": "x", "metadata": {"n": ` + long + `}}]}`, `{"disk_format": ` + long + `}`,
		`{"min_ram": 1e` + long + `}`,
	} {
		if err := s.Validate(document(t, text)); !fault.Is(err, fault.Invalid) || len(fault.Message(err)) > 1000 {
			t.Errorf("%s: %v", text[:20], fault.KindOf(err))
		}
	}
	for _, number := range []string{"1e400", "1e999999", "-1e999999", "1e-999999"} {
		_ = s.Validate(document(t, `{"min_disk": `+number+`, "min_ram": `+number+`, "size": `+number+`}`)) // whatever it says
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	if err := s.Validate(document(t, `{"min_disk": 1.`+strings.Repeat("0", maxNumber-2)+`}`)); err != nil {
		t.Errorf("the longest number: %v", err)
	}
}

// Formats are the operator's, who may have none.
func TestFormats(t *testing.T) {
	t.Parallel()
	s, err := NewImage(Formats{}, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(document(t, `{"disk_format": null}`)); err != nil {
		t.Error(err)
	}
	if err := s.Validate(document(t, `{"disk_format": "raw"}`)); !fault.Is(err, fault.Invalid) {
		t.Errorf("error %v", err)
	}
	if _, err := NewImage(Formats{Disk: []string{"raw", "raw", ""}}, true, nil); err != nil {
		t.Errorf("a format that is there twice: %v", err)
	}
}
