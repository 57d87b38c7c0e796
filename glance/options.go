package glance

import (
	"goglance/glance/internal/api"
	"goglance/glance/internal/images"
	"goglance/glance/option"
)

// Options are the operator's settings, under the names and with the defaults of the reference (spec operations 4). An
// embedder fills in the fields; package config reads them from files.
type Options struct {
	APIOptions
	ImageOptions
}

// APIOptions are the settings of the HTTP layer: versions, formats, identity, deadlines.
type APIOptions = api.Options

// ImageOptions are the settings of the images: owners, quotas, pages.
type ImageOptions = images.Options

// Defaults returns the reference's defaults.
func Defaults() Options {
	var o Options
	if err := option.SetDefaults(&o); err != nil {
		panic(err) // a default tag that does not parse: the tests of this package would have told
	}
	return o
}
