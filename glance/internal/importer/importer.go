package importer

import (
	"fmt"
	"os"
	"time"

	"github.com/sirupsen/logrus"

	"goglance/glance/egress"
	"goglance/glance/internal/images"
	"goglance/glance/internal/schema"
	"goglance/glance/settings"
)

// Config is what an Importer works with. Fields that are not marked optional are required.
type Config struct {
	Options settings.Tasks
	API     settings.API // which formats and properties images may have
	Schema  []byte       // content of schema-image.json; optional
	Images  *images.Images
	Log     logrus.FieldLogger

	// Egress decides which URLs may be read. Optional: none.
	Egress *egress.Filter
	// OVF is the elements of a processor's description in an OVF that become properties of the image (spec tasks-import
	// C.6). Optional.
	OVF []string
	// Patience is how long a server may take to answer, and for each 64 KiB of data; 0: a minute.
	Patience time.Duration
}

// Importer holds the flows. It is safe for concurrent use.
type Importer struct {
	Config
	schema *schema.Image
	client *egress.Client // nil: no URL can be read
	local  bool           // work_dir can be used
	tools  func() (tools, error)
}

// New returns the flows, or an error for an option that makes no sense. Where work_dir cannot be used, and where it is not
// set, data goes to the store as it comes (spec tasks-import C.4).
func New(c Config) (*Importer, error) {
	im := &Importer{Config: c, tools: programs}
	var err error
	formats := schema.Formats{Container: c.API.ContainerFormats, Disk: c.API.DiskFormats}
	if im.schema, err = schema.NewImage(formats, c.API.CustomProperties, c.Schema); err != nil {
		return nil, err
	}
	if c.Egress != nil {
		im.client = c.Egress.Client(egress.ClientOptions{Use: egress.Import, Patience: c.Patience})
	}
	im.prepare()
	return im, nil
}

// prepare finds out what can be done with the data of imports, and says at the start what cannot.
func (im *Importer) prepare() {
	if im.Options.WorkDir != "" {
		err := prepareScratch(im.Options.WorkDir)
		if im.local = err == nil; err != nil {
			im.Log.WithError(err).Error("[task] work_dir cannot be used; imports go straight into the store")
		}
	}
	switch target := im.Options.ConversionFormat; {
	case target != "" && !im.local:
		im.Log.Warnf("[taskflow_executor] conversion_format %s has no effect without [task] work_dir", target)
	case target != "":
		if _, err := im.tools(); err != nil {
			im.Log.WithError(err).Error("[taskflow_executor] conversion_format: imports will fail")
		}
	}
}

// prepareScratch makes the folder and tries whether a scratch file can be made in it.
func prepareScratch(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	f, err := scratch(dir)
	if err != nil {
		return err
	}
	return f.Close()
}
