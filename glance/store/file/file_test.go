package file

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"
	"go.uber.org/goleak"

	"goglance/glance/fault"
	"goglance/glance/option"
	"goglance/glance/store"
	"goglance/glance/store/storetest"
)

var (
	_ store.Driver  = (*Driver)(nil)
	_ store.Writer  = (*Driver)(nil)
	_ store.Aborter = (*Driver)(nil)
	_ store.Linker  = (*Driver)(nil)
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		crash(dir)
	}
	goleak.VerifyTestMain(m)
}

func TestConformance(t *testing.T) {
	run := func(name string, change func(*Driver), options func(dir string) Options) {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Subject {
				dir := t.TempDir()
				d := open(t, options(dir))
				change(d)
				return storetest.Subject{Driver: d, Leftovers: func() []string { return files(t, dir) }}
			})
		})
	}
	single := func(dir string) Options { return Options{Datadir: dir} }
	run("single", func(*Driver) {}, single)
	run("plural", func(*Driver) {}, func(dir string) Options {
		return Options{Datadirs: []string{dir + "/a:1", dir + "/b:1", dir + "/c"}, FilePerm: 644}
	})
	run("changing", func(d *Driver) { d.disk.free = alternating() }, func(dir string) Options {
		return Options{Datadirs: []string{dir + "/a", dir + "/b"}}
	})
	run("without hard links", func(d *Driver) { d.disk.link = noLinks }, single)
	run("with reflinks only", func(d *Driver) { d.disk.link, d.disk.clone = noLinks, clone }, single)
}

// readOnly is a driver without its Writer.
type readOnly struct{ store.Driver }

// TestConformanceReadOnly takes the way through the suite that a read-only driver takes.
func TestConformanceReadOnly(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Subject {
		dir := t.TempDir()
		d := open(t, Options{Datadir: dir})
		plant := func(data []byte) string { return put(t, d, string(data)) }
		return storetest.Subject{Driver: readOnly{d}, Plant: plant, Absent: "file://" + dir + "/" + attempt().ID}
	})
}

// open returns a driver.
func open(t testing.TB, o Options) *Driver {
	t.Helper()
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// files lists everything below a directory but the directories.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// attempt names a new object of unknown size.
func attempt() store.Object {
	return store.Object{ID: uuid.NewString(), Size: -1, Upload: uuid.NewString()}
}

// put stores text and returns the URL.
func put(t testing.TB, d *Driver, text string) string {
	t.Helper()
	stored, err := d.Put(t.Context(), attempt(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return stored.URL
}

// expect expects an error of a kind.
func expect(t testing.TB, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: error is %v (%v), want kind %q", what, err, fault.KindOf(err), kind)
	}
}

// logger returns a log that a test can read.
func logger() (logrus.FieldLogger, *test.Hook) { return test.NewNullLogger() }

func TestDefaults(t *testing.T) {
	var o Options
	if err := option.SetDefaults(&o); err != nil {
		t.Fatal(err)
	}
	if o.Datadir != defaultDatadir || o.Datadirs != nil || o.FilePerm != 0 {
		t.Errorf("defaults are %+v", o)
	}
	count := 0
	err := option.Walk(&o, func(op option.Option) error {
		count++
		if op.Group != "glance_store" || op.Help == "" {
			t.Errorf("option %s: group %q, help %q", op.Name, op.Group, op.Help)
		}
		return nil
	})
	if err != nil || count != 5 {
		t.Errorf("%d options, %v", count, err)
	}
}
