// Package all makes the stores of a service. So far there is one driver, file; a new one gets its function here.
package all

import (
	"github.com/sirupsen/logrus"

	"goglance/glance/option"
	"goglance/glance/store"
	"goglance/glance/store/file"
)

// Files returns a set of one file store, called file, that keeps new data in dir.
func Files(dir string, log logrus.FieldLogger) (*store.Set, error) {
	var o file.Options
	if err := option.SetDefaults(&o); err != nil {
		return nil, err
	}
	o.Datadir, o.Log = dir, log
	d, err := file.New(o)
	if err != nil {
		return nil, err
	}
	return store.NewSet("file", store.Named{Name: "file", Driver: d})
}
