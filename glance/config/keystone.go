package config

import (
	"fmt"

	"github.com/sirupsen/logrus"

	"goglance/glance/auth"
	"goglance/glance/auth/keystone"
	"goglance/glance/config/paste"
	"goglance/glance/option"
)

// keystone returns who asks Keystone, as the options say and, stronger, the section of the filter (spec operations 7.6).
func (s *Settings) keystone(f paste.Filter, log logrus.FieldLogger) (auth.Authenticator, error) {
	o := s.Keystone
	if err := Override(&o, f); err != nil {
		return nil, err
	}
	if o.AuthSection != s.Keystone.AuthSection {
		return nil, fmt.Errorf("paste file, %s: auth_section can be set in [keystone_authtoken] only", f.Section)
	}
	o.Log = log
	return keystone.New(o)
}

// authSection reads the options of the service's login from the section that auth_section names.
func (l *loader) authSection() error {
	group := key(l.Keystone.AuthSection, "").Group
	if group == "" {
		return nil
	}
	return option.Walk(&l.Keystone.Login, func(o option.Option) error {
		o.Group = group
		for i := range o.Deprecated {
			o.Deprecated[i].Group = group
		}
		for _, name := range spellings(o) {
			l.named[name] = true
		}
		if err := o.SetDefault(); err != nil { // what [keystone_authtoken] says of it does not count
			return err
		}
		return l.apply(o)
	})
}
