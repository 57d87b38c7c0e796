package glance

import (
	"goglance/glance/internal/schema"
	"goglance/glance/option"
	"goglance/glance/settings"
)

// Options are the operator's settings. An embedder fills in the fields; package config reads them from files.
type Options struct {
	settings.API
	settings.Images
	settings.Tasks
	settings.Import
}

// Defaults returns the reference's defaults.
func Defaults() Options {
	var o Options
	if err := option.SetDefaults(&o); err != nil {
		panic(err) // a default tag that does not parse: the tests of this package would have told
	}
	return o
}

// ShippedImageSchema returns the schema-image.json that goes with this release. An operator begins with it; it is not in
// effect until it is given to Config.ImageSchema.
func ShippedImageSchema() []byte { return schema.Shipped() }
