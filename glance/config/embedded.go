// Package config turns settings into the parts of a service.
package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sirupsen/logrus"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/option"
	"goglance/glance/store/all"
)

// Embedded returns the configuration of a service that needs nothing but a folder: SQLite, the file store and the
// journal are in it, and everyone who reaches the service is its administrator. The folder and the database are made
// when they are not there. The caller closes Config.DB after the service.
func Embedded(ctx context.Context, dir string, log logrus.FieldLogger) (glance.Config, error) {
	c := glance.Config{Options: glance.Defaults(), Auth: auth.Unauthenticated{}, StateDir: filepath.Join(dir, "journal"), Log: log}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return c, fmt.Errorf("data directory: %w", err)
	}
	stores, err := all.Files(filepath.Join(dir, "images"), log)
	if err != nil {
		return c, err
	}
	c.Stores = stores
	c.DB, err = database(ctx, filepath.Join(dir, "glance.sqlite"))
	return c, err
}

func database(ctx context.Context, path string) (*db.DB, error) {
	var o db.Options
	if err := option.SetDefaults(&o); err != nil {
		return nil, err
	}
	o.Path = path
	d, err := db.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// DataDir returns the folder of the embedded default: glance in the user's data folder, as the XDG base directory
// specification has it.
func DataDir() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "glance"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no place for data: %w", err)
	}
	return filepath.Join(home, ".local", "share", "glance"), nil
}
