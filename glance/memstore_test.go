package glance_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"

	"goglance/glance"
	"goglance/glance/fault"
	"goglance/glance/store"
	"goglance/glance/store/all"
)

// memory is a store of objects mem://name, which users may name as locations.
type memory struct {
	mu      sync.Mutex
	objects map[string]string // by URL
	refuse  error             // what Delete answers; nil: it deletes
	during  func()            // runs when Delete begins; optional
}

// withMemory adds a memory store with these objects to the stores: name, data, name, data, ...
func withMemory(m *memory, objects ...string) func(*glance.Config) {
	m.objects = map[string]string{}
	for i := 0; i < len(objects); i += 2 {
		m.objects["mem://"+objects[i]] = objects[i+1]
	}
	return func(c *glance.Config) {
		c.Options.ShowLocations, c.Options.ShowDirectURL = true, true
		files, err := all.Files(filepath.Join(filepath.Dir(c.StateDir), "images"), c.Log)
		if err != nil {
			panic(err) // a mistake in the test
		}
		if c.Stores, err = store.NewSet("file", files.Default(), store.Named{Name: "mem", Driver: m}); err != nil {
			panic(err)
		}
	}
}

func (m *memory) Schemes() []string { return []string{"mem"} }

func (m *memory) get(url string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.objects[url]
	if !ok {
		return "", fault.New(fault.NotFound, "no such object")
	}
	return data, nil
}

func (m *memory) has(name string) bool {
	_, err := m.get("mem://" + name)
	return err == nil
}

func (m *memory) Open(_ context.Context, url string, off, n int64) (store.Body, error) {
	data, err := m.get(url)
	if err != nil {
		return store.Body{}, err
	}
	end := int64(len(data))
	if n >= 0 {
		end = min(end, off+n)
	}
	return store.Body{ReadCloser: io.NopCloser(strings.NewReader(data[off:end])), N: end - off, Size: int64(len(data))}, nil
}

func (m *memory) Size(_ context.Context, url string) (int64, error) {
	data, err := m.get(url)
	return int64(len(data)), err
}

func (m *memory) Put(_ context.Context, o store.Object, body io.Reader) (store.Stored, error) {
	var data bytes.Buffer
	n, err := data.ReadFrom(body)
	if err != nil {
		return store.Stored{}, fmt.Errorf("memory: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects["mem://"+o.ID] = data.String()
	return store.Stored{URL: "mem://" + o.ID, Size: n}, nil
}

func (m *memory) Delete(_ context.Context, url string) error {
	if m.during != nil {
		m.during()
	}
	if m.refuse != nil {
		return m.refuse
	}
	if _, err := m.get(url); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, url)
	return nil
}
