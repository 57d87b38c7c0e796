package glance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/sirupsen/logrus"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/egress"
	"goglance/glance/filter"
	"goglance/glance/notify"
	"goglance/glance/option"
	"goglance/glance/policy"
	"goglance/glance/protect"
	"goglance/glance/store"
)

// Config is what a Service is made of. Fields that are not marked optional are required.
type Config struct {
	Options Options // begin with Defaults(); the zero value is refused

	DB       *db.DB     // migrated; stays the caller's, who closes it after the Service
	Stores   *store.Set // where image data goes
	Auth     auth.Authenticator
	Staging  *store.Staging // where data is kept until it is imported; required with Options.EnableImport, else optional
	StateDir string         // folder on a local disk for the journal of uploads; processes of one node may share it

	Policy      policy.Enforcer // optional: the rules shipped with Pike
	Protect     *protect.Rules  // optional: no property is protected
	ImageSchema []byte          // content of schema-image.json; optional: no properties are declared
	Notify      notify.Notifier // optional: nobody is told
	Egress      *egress.Filter  // where imports may read from; optional: that of egress.Defaults
	OVF         []string        // what ovf-metadata.json lists as cim_pasd; optional: OVAs give images no properties

	// Entrust makes a trust of a caller, which ends by itself after lifetime, for tasks that outlast his token. An error of
	// kind fault.Forbidden says that he cannot have one. Optional: the token has to do.
	Entrust func(ctx context.Context, who *auth.Identity, lifetime time.Duration) (auth.Trust, error)

	// Prefix is the path under which the service is mounted, "/image". It is stripped from requests that have it, and
	// put before links that need it. Optional.
	Prefix string
	// Filters is what a request passes through on its way, outermost first. Optional: filter.Standard().
	Filters []filter.Filter
	// TrustedPeers may send Forwarded and X-Forwarded-* headers, if Options.ProxyHeaders is set, and the header of
	// Options.SSLHeader. Optional: everyone.
	TrustedPeers auth.Peers

	Log    logrus.FieldLogger // optional: nothing is logged
	Access func(Access)       // told of each request when it has been answered; must not block. Optional: a line in Log
	Task   func(Task)         // told of each step of a task; must not block. Optional
	Clock  func() time.Time   // optional: the system's
	NewID  func() string      // optional: random UUIDs, for images and requests
}

// complete checks the required fields and fills in the optional ones.
func (c *Config) complete() error {
	switch {
	case c.DB == nil:
		return errors.New("glance: Config.DB is not set")
	case c.Stores == nil:
		return errors.New("glance: Config.Stores is not set")
	case c.Auth == nil:
		return errors.New("glance: Config.Auth is not set; auth.Unauthenticated lets everyone in")
	case c.Options.EnableImport && c.Staging == nil:
		return errors.New("glance: Config.Staging is not set, and Options.EnableImport needs it")
	case c.StateDir == "":
		return errors.New("glance: Config.StateDir is not set")
	}
	if c.Prefix = strings.TrimRight(c.Prefix, "/"); c.Prefix != "" && (c.Prefix[0] != '/' || path.Clean(c.Prefix) != c.Prefix) {
		return errors.New("glance: Config.Prefix must look like /name")
	}
	if c.Policy == nil {
		c.Policy = policy.Pike()
	}
	if c.Notify == nil {
		c.Notify = notify.Discard{}
	}
	if c.Egress == nil {
		var o egress.Options
		err := option.SetDefaults(&o)
		if err == nil {
			c.Egress, err = egress.New(o)
		}
		if err != nil {
			return fmt.Errorf("glance: Config.Egress: %w", err)
		}
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.NewID == nil {
		c.NewID = uuid.NewString
	}
	if c.Log == nil {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		c.Log = silent
	}
	if c.Filters == nil {
		c.Filters = filter.Standard()
	}
	if err := filter.Check(c.Filters); err != nil {
		return fmt.Errorf("glance: Config.Filters: %w", err)
	}
	return option.Check(&c.Options)
}
