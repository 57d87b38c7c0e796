package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sirupsen/logrus"

	"goglance/glance/auth"
	"goglance/glance/auth/trusted"
	"goglance/glance/config/paste"
	"goglance/glance/option"
)

// Pipeline returns the pipeline that the options choose: from the paste file that they name, else from NAME-paste.ini
// beside the last configuration file NAME.conf, else the standard one of that flavor.
func (s *Settings) Pipeline() (paste.Pipeline, error) {
	name := s.Program
	if s.Paste.Flavor != "" {
		name += "-" + s.Paste.Flavor
	}
	f, err := s.pasteFile()
	if err != nil {
		return paste.Pipeline{}, err
	}
	var without []string
	if !s.Glance.EnableV1 {
		without = append(without, "/v1")
	}
	if !s.Glance.EnableV2 {
		without = append(without, "/v2")
	}
	return f.Pipeline(name, without...)
}

func (s *Settings) pasteFile() (*paste.File, error) {
	path, err := s.pastePath()
	if err != nil {
		return nil, err
	}
	if path == "" {
		return paste.Standard()
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("paste file: %w", err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return paste.Parse(f, path)
}

// pastePath returns the path of the paste file; "" if there is none.
func (s *Settings) pastePath() (string, error) {
	if name := s.Paste.ConfigFile; name != "" {
		path, err := absolute(name)
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(path); err != nil {
			path = s.FindFile(name) // the reference looks in its working folder only, where no service has its files
		}
		if path == "" {
			return "", fmt.Errorf("[paste_deploy] config_file: there is no file %s", name)
		}
		return path, nil
	}
	base := s.Program
	if len(s.Files) > 0 {
		base = filepath.Base(s.Files[len(s.Files)-1])
		base = strings.TrimSuffix(base, filepath.Ext(base))
	}
	return s.FindFile(base + "-paste.ini"), nil
}

// PasteFile returns the path of the paste file that Pipeline reads; "" if that is the standard one.
func (s *Settings) PasteFile() (string, error) { return s.pastePath() }

// Override sets the options in the struct that target points to which a filter's section sets too: the section wins
// (spec operations 2, 7.6). A boolean that is neither true nor false is an error, never true (spec security P83).
func Override(target any, f paste.Filter) error {
	err := option.Walk(target, func(o option.Option) error {
		text, ok := setting(f, o)
		if !ok {
			return nil
		}
		if err := o.Set(text); err != nil {
			return err
		}
		return o.Check()
	})
	if err != nil {
		return fmt.Errorf("paste file, %s: %w", f.Section, err)
	}
	return nil
}

// setting returns what a filter's section says of an option, under its name or an older one.
func setting(f paste.Filter, o option.Option) (text string, ok bool) {
	for _, name := range spellings(o) {
		if text, ok = f.Settings[name.Name]; ok && name.Group == o.Group {
			return text, true
		}
	}
	return "", false
}

// authenticator returns what the filters of a pipeline say of who the callers are. The one nearest to the application
// decides, as it does in the reference.
func (s *Settings) authenticator(p paste.Pipeline, log logrus.FieldLogger) (auth.Authenticator, error) {
	var checked paste.Filter // what has looked at the token so far
	var who auth.Authenticator
	for _, f := range p.Filters {
		switch f.Kind {
		case paste.AuthToken, paste.FakeAuth:
			if who != nil {
				return nil, fmt.Errorf("%s stands behind the filter that takes the identity from it", f.Section)
			}
			checked = f
		case paste.Unauthenticated:
			if _, open := who.(auth.Unauthenticated); who != nil && !open {
				return nil, fmt.Errorf("%s lets everyone in whom the context filter before it has let pass; one of them must go", f.Section)
			}
			who = auth.Unauthenticated{}
		case paste.Context:
			var err error
			if who, err = s.context(checked, log); err != nil {
				return nil, err
			}
		default:
		}
	}
	if who == nil {
		return nil, errors.New("neither context nor unauthenticated-context is in the pipeline, so nobody would be served")
	}
	return who, nil
}

// context returns what the context filter believes behind the filter that has looked at the token, which may be none.
func (s *Settings) context(checked paste.Filter, log logrus.FieldLogger) (auth.Authenticator, error) {
	switch checked.Kind {
	case paste.AuthToken:
		return s.keystone(checked, log)
	case paste.FakeAuth:
		return nil, missing("the filter FakeAuthMiddleware, a development identity,")
	default:
		peers, err := auth.ParsePeers(s.Server.TrustedPeers)
		if err != nil {
			return nil, fmt.Errorf("[DEFAULT] trusted_peers: %w", err)
		}
		return trusted.Headers{Peers: peers}, nil
	}
}
