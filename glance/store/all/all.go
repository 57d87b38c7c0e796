// Package all is the list of drivers, and makes the stores of a service of them. A new driver gets its options and its
// line in open here.
package all

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"

	"goglance/glance/egress"
	"goglance/glance/option"
	"goglance/glance/store"
	"goglance/glance/store/file"
	httpstore "goglance/glance/store/http"
)

// Options says which stores there are, and has the options of each.
type Options struct {
	Stores       []string `name:"stores" group:"glance_store" default:"file,http" help:"stores of image data: file, http"`
	DefaultStore string   `name:"default_store" group:"glance_store" default:"file" help:"scheme of the store that takes new data"`

	File file.Options
	HTTP httpstore.Options
}

// New returns the set of the stores that o names, each under the name of its driver (spec storage-db 8.1). filter
// judges the URLs that drivers read for users; log takes their warnings, nil: nobody does.
func New(o Options, filter *egress.Filter, log logrus.FieldLogger) (*store.Set, error) {
	o.File.Log, o.HTTP.Log, o.HTTP.Filter = log, log, filter
	var stores []store.Named
	standard := ""
	for _, name := range o.Stores {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		d, err := o.open(name)
		if err != nil {
			return nil, fmt.Errorf("[glance_store] stores: %w", err)
		}
		stores = append(stores, store.Named{Name: name, Driver: d})
		if standard == "" && slices.Contains(d.Schemes(), o.DefaultStore) {
			standard = name
		}
	}
	if standard == "" {
		return nil, fmt.Errorf("[glance_store] default_store: no store in %q serves the scheme %q", o.Stores, o.DefaultStore)
	}
	return store.NewSet(standard, stores...)
}

// open returns the driver called name.
func (o Options) open(name string) (store.Driver, error) {
	switch name {
	case "file":
		return file.New(o.File)
	case "http":
		return httpstore.New(o.HTTP)
	case "swift", "rbd", "sheepdog", "cinder", "vmware", "s3":
		return nil, fmt.Errorf("there is no driver for %s yet; there are file and http", name)
	}
	return nil, fmt.Errorf("no store is called %q", name)
}

// Files returns a set with the file store, which keeps new data in dir, and the http store, which verifies its servers.
// URLs from users pass the default options of egress.
func Files(dir string, log logrus.FieldLogger) (*store.Set, error) {
	var o Options
	var f egress.Options
	if err := option.SetDefaults(&o); err != nil {
		return nil, err
	}
	if err := option.SetDefaults(&f); err != nil {
		return nil, err
	}
	filter, err := egress.New(f)
	if err != nil {
		return nil, err
	}
	o.File.Datadir, o.HTTP.Insecure = dir, false
	return New(o, filter, log)
}
