package config

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sirupsen/logrus"

	"goglance/glance"
	"goglance/glance/db"
	"goglance/glance/deffile"
)

// Embedded returns the configuration of a service that needs nothing but a folder: SQLite, the file store and the
// journal are in it, and everyone who reaches the service is its administrator. The folder and the database are made
// when they are not there. The caller closes Config.DB after the service.
func Embedded(ctx context.Context, dir string, log logrus.FieldLogger) (glance.Config, error) {
	s, err := Load(Sources{Program: "glance-api", Search: []string{}})
	if err != nil {
		return glance.Config{}, err
	}
	if err := s.Embed(dir); err != nil {
		return glance.Config{}, err
	}
	p, err := Build(ctx, s, log)
	if err != nil {
		return glance.Config{}, err
	}
	return p.Config, nil
}

// Embed gives settings that come from no file their place in one folder, which is made when it is not there, and has
// the service listen on this machine only. What environment or command line have set stays as it is.
func (s *Settings) Embed(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	unset := func(group, name string) bool { return !s.IsSet(group, name) }
	if unset("database", "connection") {
		s.DB.Path = filepath.Join(dir, "glance.sqlite")
	}
	if unset("glance_store", "filesystem_store_datadir") {
		s.Stores.File.Datadir = filepath.Join(dir, "images")
	}
	if unset("glance_store", "https_insecure") {
		s.Stores.HTTP.Insecure = false // the reference's default, true, is for sites that rely on it
	}
	if unset(defaultGroup, "node_staging_uri") {
		path, err := absolute(dir)
		if err != nil {
			return err
		}
		s.Glance.StagingURI = "file://" + filepath.Join(path, "staging")
	}
	if unset(defaultGroup, "state_dir") {
		s.Server.StateDir = filepath.Join(dir, "journal")
	}
	if unset(defaultGroup, "bind_host") {
		s.Server.BindHost = "127.0.0.1"
	}
	return nil
}

// prepare makes the tables of an empty database. That of the embedded default gets the shipped metadata definitions
// with them: who has no glance-manage shall not have to look for it.
func prepare(ctx context.Context, d *db.DB, o db.Options) error {
	if o.Path == "" {
		return d.Migrate(ctx)
	}
	return d.MigrateWith(ctx, deffile.Fill)
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
