package main_test

import (
	"crypto/md5"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

// bareEnv makes this program the bare handler: it says where its socket is and where its files are.
const bareEnv = "GLANCE_TEST_BARE"

// bare is what httpd is measured against: a Go handler that hashes and writes what comes, as safely as the service does,
// and serves it again, and knows nothing else.
func bare(dir string) error {
	syscall.Umask(0) // the front end's user connects
	ln, err := net.Listen("unix", filepath.Join(dir, "httpd.sock"))
	if err != nil {
		return err
	}
	return http.Serve(ln, bareHandler(dir))
}

func bareHandler(dir string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file := filepath.Join(dir, path.Base(path.Dir(r.URL.Path))) // .../images/ID/file
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", "application/octet-stream")
			http.ServeFile(w, r, file)
			return
		}
		if err := keep(file, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// keep writes a file that is there as a whole or not at all, and computes its checksum.
func keep(file string, body io.Reader) error {
	f, err := os.Create(file + ".part")
	if err != nil {
		return err
	}
	sum := md5.New()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(f, sum)}, body, make([]byte, 256<<10))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
