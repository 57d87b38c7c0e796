// Command embed mounts an Image service under a prefix in a server of its own, with nothing but the public packages:
//
//	go run . /tmp/images
//	curl http://127.0.0.1:8080/image/versions
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/store"
	"goglance/glance/store/file"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: embed FOLDER")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := serve(ctx, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// serve runs until ctx ends.
func serve(ctx context.Context, dir string) (err error) {
	svc, d, err := images(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, svc.Close(), d.Close()) }()

	mux := http.NewServeMux()
	mux.Handle("/image/", svc)
	mux.Handle("/", http.NotFoundHandler()) // the rest of the site

	work, stop := context.WithCancel(ctx)
	defer stop()
	background, served := make(chan error, 1), make(chan error, 1)
	go func() { background <- svc.Run(work) }()
	srv := &http.Server{Addr: "127.0.0.1:8080", Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { served <- srv.ListenAndServe() }()
	select {
	case err = <-served:
	case <-ctx.Done():
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		err = errors.Join(srv.Shutdown(end), srv.Close()) // Close cuts what is still under way
	}
	stop()
	return errors.Join(err, <-background)
}

// images makes the service and its database from a folder.
func images(ctx context.Context, dir string) (*glance.Service, *db.DB, error) {
	files, err := file.New(file.Options{Datadir: filepath.Join(dir, "images")})
	if err != nil {
		return nil, nil, err
	}
	stores, err := store.NewSet("file", store.Named{Name: "file", Driver: files})
	if err != nil {
		return nil, nil, err
	}
	d, err := db.Open(ctx, db.Options{Path: filepath.Join(dir, "glance.sqlite")})
	if err != nil {
		return nil, nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	svc, err := glance.New(glance.Config{
		Options: glance.Defaults(), DB: d, Stores: stores, Auth: auth.Unauthenticated{},
		StateDir: filepath.Join(dir, "journal"), Prefix: "/image",
	})
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return svc, d, nil
}
