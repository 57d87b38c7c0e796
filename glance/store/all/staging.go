package all

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/sirupsen/logrus"

	"goglance/glance/store"
	"goglance/glance/store/file"
)

// Staging opens the folder of an option node_staging_uri, file:// and an absolute path, and makes it when it is not there
// (spec tasks-import D.1). Since the default is below /tmp, a folder that somebody else owns or may write into is refused,
// and so is one where a store keeps images (spec security S70).
func Staging(uri string, stores *store.Set, log logrus.FieldLogger) (*store.Staging, error) {
	s, err := openStaging(uri, stores, log)
	if err != nil {
		return nil, fmt.Errorf("[DEFAULT] node_staging_uri: %w", err)
	}
	return s, nil
}

func openStaging(uri string, stores *store.Set, log logrus.FieldLogger) (*store.Staging, error) {
	path, ok := strings.CutPrefix(uri, "file://")
	if !ok || !filepath.IsAbs(path) || slices.Contains(strings.Split(path, "/"), "..") {
		return nil, fmt.Errorf(`%q is not file:// and an absolute path without ".."`, uri)
	}
	path = filepath.Clean(path)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	if err := closed(path); err != nil {
		return nil, err
	}
	if err := separate(path, stores); err != nil {
		return nil, err
	}
	d, err := file.New(file.Options{Datadir: path, Log: log})
	if err != nil {
		return nil, err
	}
	return &store.Staging{Driver: d, Dir: path}, nil
}

// closed makes sure that nobody but us and root decides what is in a folder, be it by a symbolic link in its place.
func closed(path string) error {
	for _, look := range []func(string) (fs.FileInfo, error){os.Lstat, os.Stat} {
		info, err := look(path)
		if err != nil {
			return err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok || st.Uid != 0 && int(st.Uid) != os.Geteuid() {
			return fmt.Errorf("%s belongs to somebody else", path)
		}
		if info.Mode()&fs.ModeSymlink == 0 && info.Mode().Perm()&0o002 != 0 {
			return fmt.Errorf("anybody may write into %s", path)
		}
	}
	return nil
}

// separate makes sure that a folder is none of a store's.
func separate(path string, stores *store.Set) error {
	d, err := stores.ByName("file")
	if err != nil {
		return nil //nolint:nilerr // there is no file store
	}
	holder, ok := d.(interface{ Dirs() []string })
	if !ok {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	for _, dir := range holder.Dirs() {
		if other, err := os.Stat(dir); err == nil && os.SameFile(info, other) {
			return errors.New("the file store keeps images in " + path)
		}
	}
	return nil
}
