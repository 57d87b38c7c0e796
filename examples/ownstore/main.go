// Command ownstore serves images out of a store of its own, Hashed, which package storetest has tested:
//
//	go run ./examples/ownstore /tmp/images
//	curl http://127.0.0.1:8080/v2/images
package main

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/store"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: ownstore FOLDER")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:8080")
	if err == nil {
		err = serve(ctx, ln, os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

// serve runs until ctx ends.
func serve(ctx context.Context, ln net.Listener, dir string) (err error) {
	hashed, err := NewHashed(filepath.Join(dir, "images"))
	if err != nil {
		return err
	}
	stores, err := store.NewSet("hashed", store.Named{Name: "hashed", Driver: hashed})
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Options{Path: filepath.Join(dir, "glance.sqlite")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	svc, err := glance.New(glance.Config{
		Options: glance.Defaults(), DB: d, Stores: stores, Auth: auth.Unauthenticated{}, StateDir: filepath.Join(dir, "journal"),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, svc.Close()) }()

	work, stop := context.WithCancel(ctx)
	defer stop()
	background, served := make(chan error, 1), make(chan error, 1)
	go func() { background <- svc.Run(work) }()
	srv := &http.Server{Handler: svc, ReadHeaderTimeout: time.Minute}
	go func() { served <- srv.Serve(ln) }()
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
