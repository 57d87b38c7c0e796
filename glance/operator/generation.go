package operator

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/sirupsen/logrus"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/config"
	"goglance/glance/operator/logs"
	"goglance/glance/operator/metrics"
)

// generation is a service made from one reading of the configuration. Requests that began in it end in it, also when
// the daemon goes over to the next one; it closes when the last of them has ended.
type generation struct {
	number   int
	settings *config.Settings
	log      *logs.Log
	secure   *tls.Config // nil: no TLS

	parts   *config.Parts
	service *glance.Service
	handler http.Handler

	running    sync.WaitGroup
	stop       context.CancelFunc
	background chan error
}

// read makes a generation that can say where to listen, and no more. It is to be opened, or closed.
func (h *host) read(number int) (*generation, error) {
	s, err := h.load()
	if err != nil {
		return nil, err
	}
	g := &generation{number: number, settings: s, stop: func() {}}
	if g.log, err = logs.Open(s.Log, s.Program, h.stderr); err != nil {
		return nil, err
	}
	if g.secure, err = tlsConfig(s.Server); err != nil {
		return nil, errors.Join(err, g.close())
	}
	if err := g.tell(); err != nil {
		return nil, errors.Join(err, g.close())
	}
	return g, nil
}

// open makes the service of a generation that listens on addr. ctx bounds the making, not the service.
func (g *generation) open(ctx context.Context, h *host, m *metrics.Metrics, addr net.Addr) (err error) {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		g.settings.Egress.Own = func() []netip.AddrPort { return []netip.AddrPort{tcp.AddrPort()} }
	}
	if g.parts, err = config.Build(ctx, g.settings, g.log.WithField(logs.Logger, "glance.api")); err != nil {
		return err
	}
	c := g.parts.Config
	c.Prefix = h.prefix
	c.Access, c.Task = g.access(m), m.Task
	if g.service, err = glance.New(c); err != nil {
		return err
	}
	g.handler = h.guard(g.service, c, addr)
	if g.settings.Log.Debug {
		g.handler = g.announce(g.handler)
	}
	g.warn(addr)
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	g.stop, g.background = stop, make(chan error, 1)
	go func() { g.background <- g.service.Run(work) }()
	return nil
}

// settle waits for the requests of the generation and then, while ctx lasts, for its tasks.
func (g *generation) settle(ctx context.Context) {
	g.running.Wait()
	if g.service != nil {
		g.service.Settled(ctx)
	}
}

// close waits for the requests of the generation, ends its tasks and closes everything that it has.
func (g *generation) close() error {
	g.running.Wait()
	g.stop()
	var errs []error
	if g.background != nil {
		errs = append(errs, <-g.background)
	}
	if g.service != nil {
		errs = append(errs, g.service.Close())
	}
	if g.parts != nil {
		errs = append(errs, g.parts.Close())
	}
	if err := errors.Join(errs...); err != nil {
		g.log.WithField(logs.Logger, "glance.common.config").WithError(err).Error("a service did not close well")
	}
	return errors.Join(append(errs, g.log.Close())...)
}

// guard returns the handler for an address.
func (h *host) guard(svc http.Handler, c glance.Config, addr net.Addr) http.Handler {
	tcp, ok := addr.(*net.TCPAddr)
	if _, open := c.Auth.(auth.Unauthenticated); ok && open && tcp.IP.IsLoopback() && h.embedded && h.speaks.web() {
		return local(svc)
	}
	return svc
}

// announce says at debug, before it is answered, what a request wants (spec operations 11).
func (g *generation) announce(next http.Handler) http.Handler {
	log := g.log.WithField(logs.Logger, "glance.api.middleware.version_negotiation")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Debugf("Request: %s %s Accept: %s", r.Method, r.URL.EscapedPath(), r.Header.Get("Accept"))
		next.ServeHTTP(w, r)
	})
}

// access writes the access log, in the form of the reference's, and measures.
func (g *generation) access(m *metrics.Metrics) func(glance.Access) {
	log := g.log.WithField(logs.Logger, "eventlet.wsgi.server")
	return func(a glance.Access) {
		m.Observe(a)
		client, _, err := net.SplitHostPort(a.Client)
		if err != nil {
			client = a.Client
		}
		who := a.Identity
		if who == nil {
			who = &auth.Identity{}
		}
		entry := log.WithContext(auth.WithIdentity(context.Background(), who)).WithFields(logrus.Fields{
			logs.Request: a.ID, "access": logs.Details{
				"method": a.Method, "path": a.URI, "status": a.Status, "bytes": a.Sent, "received": a.Received,
				"seconds": a.Duration.Seconds(), "route": a.Route, "client": client, "user": who.UserID,
				"project": who.ProjectID, "request_id": a.ID,
			},
		})
		entry.Infof(`%s - - [%s] "%s %s %s" %d %d %.6f`, client, clock(), a.Method, a.URI, a.Proto, a.Status, a.Sent,
			a.Duration.Seconds())
	}
}
