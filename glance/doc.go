// Package glance is an OpenStack Image service as a library: the Images API of Glance's Pike release as an
// http.Handler, to be mounted in a server of one's own.
//
//	d, err := db.Open(ctx, db.Options{Path: "glance.sqlite"})
//	err = d.Migrate(ctx)
//	files, err := file.New(file.Options{Datadir: "/var/lib/glance/images"})
//	stores, err := store.NewSet("file", store.Named{Name: "file", Driver: files})
//	svc, err := glance.New(glance.Config{
//		Options: glance.Defaults(), DB: d, Stores: stores, Auth: auth.Unauthenticated{},
//		StateDir: "/var/lib/glance/state", Prefix: "/image",
//	})
//	http.Handle("/image/", svc)
//	go svc.Run(ctx)
//	...
//	err = svc.Close() // after Run has returned
//
// The parts come in as values: the database (package db), the stores (store and the drivers below it), who may ask
// (auth), the policy, notifications. The package composes them and knows neither SQL nor files.
//
// A request passes filters on its way: CORS, health check, version negotiation, identity and others, as a paste file
// names them. They are data too (package filter); without Config.Filters they are those of every pipeline that the
// reference ships.
//
// # One process, many processes
//
// Any number of services, also Python ones, may share a database and a store. What must happen once is settled by the
// database; what a process leaves when it dies is tidied up from its journal in StateDir by the next one on its node.
package glance
