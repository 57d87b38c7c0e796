package config

import (
	"goglance/glance"
	"goglance/glance/auth/keystone"
	"goglance/glance/db"
	"goglance/glance/egress"
	"goglance/glance/option"
	"goglance/glance/settings"
	"goglance/glance/store/all"
)

// Options is every option that files, environment and command line may set: the one table. A part of the service that
// gets options of its own is added here, and its options are taken off the list in unavailable.go.
type Options struct {
	Glance      glance.Options
	Policy      settings.Policy
	Protection  settings.Protection
	DB          db.Options
	Stores      all.Options
	Egress      egress.Options
	Server      settings.Server
	Log         settings.Log
	Metrics     settings.Metrics
	Paste       settings.Paste
	CORS        settings.CORS
	Healthcheck settings.Healthcheck
	SizeLimit   settings.SizeLimit
	Keystone    keystone.Options
	Metadefs    settings.Metadefs
}

// defaultGroup is the section of options without one, and of settings that others refer to.
const defaultGroup = "DEFAULT"

// Table returns the options in their order, each with its default as the value.
func Table() ([]option.Option, error) {
	var o Options
	var table []option.Option
	err := option.Walk(&o, func(o option.Option) error {
		table = append(table, o)
		return o.SetDefault()
	})
	return table, err
}
