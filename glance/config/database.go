package config

import (
	"context"
	"errors"
	"fmt"

	"github.com/sirupsen/logrus"

	"goglance/glance/db"
)

// OpenDB opens the database that the settings name, and makes nothing in it. log may be nil. An error names the option.
// The caller closes the database.
func (s *Settings) OpenDB(ctx context.Context, log logrus.FieldLogger) (*db.DB, error) {
	o := s.DB
	if o.Connection == "" && o.Path == "" {
		return nil, errors.New("[database] connection is not set")
	}
	if log != nil {
		o.Notice = func(text string) { log.Warn(text) }
	}
	d, err := db.Open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("[database] connection: %w", err)
	}
	return d, nil
}
