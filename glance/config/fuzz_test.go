package config

import (
	"strings"
	"testing"

	"goglance/glance/option"
)

// FuzzTOML: no TOML file makes the reader panic, and what it reads can be applied or refused.
func FuzzTOML(f *testing.F) {
	for _, seed := range []string{
		"", "bind_port = 1\n[image_format]\ndisk_formats = ['raw', \"iso\"]\n", "[a.b]\nc = {d = 'e'}\n", "[[a]]\n", "x = 1979-05-27",
		"[glance_store]\nfilesystem_store_datadirs = ['/a', '/b']\n", "admin_role = '$admin_role'", "a = [[1], {b = 2}]", "backlog = 1.5e3",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		layer, err := parseTOML(strings.NewReader(text), "f.toml")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.toml") {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		settle(t, layer)
	})
}

// FuzzValues: no value of any option makes it panic, and values that refer to each other come to an end.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{"", "1", "$admin_role", "${image_format.disk_formats}$$", "a,b", "[a,'b']", "true", "\\$x$", "$$$$$nope"} {
		f.Add(seed, "$state_dir")
		f.Add(seed, "x")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		layer := newLayer()
		table, err := Table()
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range table {
			layer.add(o.Key(), entry{texts: []string{[]string{first, second}[i%2]}, where: "f:1"})
		}
		settle(t, layer)
	})
}

// settle applies a layer, every option by itself, so that one that is refused does not hide the next.
func settle(t *testing.T, layer *layer) {
	t.Helper()
	s := &Settings{Where: map[option.Name]string{}}
	if err := option.SetDefaults(&s.Options); err != nil {
		t.Fatal(err)
	}
	l, err := newLoader(s)
	if err != nil {
		t.Fatal(err)
	}
	l.layers = append(l.layers, layer)
	for _, o := range l.known {
		if err := l.apply(o); err == nil {
			_ = o.Text()
		}
	}
	if err := l.review(); err != nil && !strings.Contains(err.Error(), "take it out") {
		t.Error(err)
	}
}
