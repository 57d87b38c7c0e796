package glance

import (
	"time"

	"goglance/glance/auth"
	"goglance/glance/internal/api/middleware"
)

// Access is one request that was answered, or given up, for an access log and for measurements.
type Access struct {
	ID       string         // of the request: req-UUID, or what an authenticated client has called it
	Identity *auth.Identity // nil where the request did not get as far
	Client   string         // address and port, or what a trusted front end says
	Method   string
	URI      string // path and query as the client sent them, percent-encoded
	Proto    string // HTTP/1.1
	Route    string // name of the resource, of a fixed set; "" for none
	Status   int    // 0: the client has gone without an answer
	Received int64  // bytes of the body read
	Sent     int64  // bytes of the body sent
	Duration time.Duration
}

// access returns Config.Access for the layer below; nil if it is not set.
func (c *Config) access() func(middleware.Access) {
	if c.Access == nil {
		return nil
	}
	return func(a middleware.Access) { c.Access(Access(a)) }
}
