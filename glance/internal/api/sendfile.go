package api

import (
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"goglance/glance/internal/images"
	"goglance/glance/settings"
)

// handOver leaves a download to the front end, if the options say so and it is a whole image in one of the files that
// the front end may send. It reports whether it did. Everything that decides about the download comes first; parts of an
// image are sent by the service, whose rules for them are not the front end's (spec images-api 7.5).
func (a *API) handOver(w http.ResponseWriter, r *http.Request, d *images.Download) (bool, error) {
	if a.Options.FileHeader == "" || d.Bytes == 0 || r.Header.Get("Range") != "" || r.Header.Get("Content-Range") != "" {
		return false, nil
	}
	file, err := d.LocalFile(r.Context())
	if err != nil {
		return false, err
	}
	value := sendfile(a.Options.Sendfile, file)
	if value == "" {
		return false, nil
	}
	w.Header().Set(a.Options.FileHeader, value)
	bodyHeader(w.Header(), d)
	w.WriteHeader(http.StatusOK)
	d.Sent(r.Context(), d.Bytes, d.Bytes) // nobody will tell us more
	return true, nil
}

// sendfile returns what the front end is told of a file; "" for one that is not below the root. Links are followed
// before that is looked at, and hidden files are unfinished ones.
func sendfile(o settings.Sendfile, file string) string {
	if file == "" || o.FileRoot == "" {
		return ""
	}
	root, err := filepath.EvalSymlinks(o.FileRoot)
	if err != nil {
		return ""
	}
	if file, err = filepath.EvalSymlinks(file); err != nil {
		return ""
	}
	name, err := filepath.Rel(root, file)
	if err != nil || !filepath.IsLocal(name) || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
		return ""
	}
	if o.FileHeader == "X-Sendfile" {
		return file
	}
	u := url.URL{Path: path.Join("/", o.FileLocation, name)}
	return u.EscapedPath()
}
