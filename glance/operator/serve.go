package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/auth/trusted"
	"goglance/glance/config"
)

const (
	headerTime = time.Minute      // for a client to send a request's header
	grace      = 30 * time.Second // for requests under way when the server stops
)

// run serves until ctx ends.
func (s *settings) run(ctx context.Context, out io.Writer, listen func(context.Context) (net.Listener, error)) (err error) {
	log := s.logger()
	dir, err := s.folder()
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	c, err := config.Embedded(ctx, dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.DB.Close()) }()
	if err := s.apply(&c); err != nil {
		return err
	}
	svc, err := glance.New(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, svc.Close()) }()
	ln, err := listen(ctx)
	if err != nil {
		return err
	}
	s.greet(out, dir, ln.Addr())
	return serve(ctx, ln, svc, c)
}

// apply sets what the flags say.
func (s *settings) apply(c *glance.Config) error {
	if len(s.trustedPeers) > 0 && !s.trustedAuth {
		return errors.New("--trusted-peers needs --trusted-auth")
	}
	peers, err := auth.ParsePeers(s.trustedPeers)
	if err != nil {
		return err
	}
	if s.trustedAuth {
		c.Auth = trusted.Headers{Peers: peers}
	}
	if s.prefix != "" {
		c.Prefix = s.prefix
	}
	if s.behindProxy {
		c.Options.ProxyHeaders = true
	}
	return nil
}

// greet tells where the service is and what to do first.
func (s *settings) greet(out io.Writer, dir string, addr net.Addr) {
	who := "anyone who can reach it is its administrator"
	if s.trustedAuth {
		who = "the front end says who is who"
	}
	where, more := "unix:"+addr.String(), ""
	if tcp, ok := addr.(*net.TCPAddr); ok {
		where = "http://" + tcp.String() + s.prefix
		more = fmt.Sprintf("Try: curl %s/v2/images -d '%s'\n", where, firstImage)
		if !tcp.IP.IsLoopback() {
			more += "WARNING: other machines can reach this address\n"
		}
	}
	fmt.Fprintf(out, "Data is in %s\nServing on %s (%s)\n%s", dir, where, who, more) //nolint:errcheck // a greeting
}

const firstImage = `{"name": "first", "disk_format": "raw", "container_format": "bare"}`

// serve answers requests on ln until ctx ends, then lets those under way finish for a while and cuts the rest.
func serve(ctx context.Context, ln net.Listener, svc *glance.Service, c glance.Config) error {
	errorLog := c.Log.WithField("from", "net/http").WriterLevel(logrus.DebugLevel)
	defer errorLog.Close() //nolint:errcheck // a pipe
	srv := newServer(guard(svc, c, ln.Addr()), c.Options.Stall)
	srv.ErrorLog = stdlog.New(errorLog, "", 0)
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	background := make(chan error, 1)
	go func() { background <- svc.Run(work) }()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	var err error
	select {
	case err = <-served:
		err = errors.Join(err, srv.Close())
	case <-ctx.Done():
		err = shutdown(srv, c.Log)
	}
	stop()
	return errors.Join(err, <-background)
}

// guard returns the handler for an address.
func guard(svc http.Handler, c glance.Config, addr net.Addr) http.Handler {
	tcp, ok := addr.(*net.TCPAddr)
	if _, open := c.Auth.(auth.Unauthenticated); ok && open && tcp.IP.IsLoopback() {
		return local(svc)
	}
	return svc
}

// newServer returns the HTTP server. It has no timeout for a whole request: a large image takes what it takes, and
// stalls are found by the service.
func newServer(h http.Handler, idle time.Duration) *http.Server {
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	return &http.Server{
		Handler: h, Protocols: http1, ReadHeaderTimeout: headerTime, IdleTimeout: idle,
		DisableGeneralOptionsHandler: true,
	}
}

func shutdown(srv *http.Server, log logrus.FieldLogger) error {
	log.Info("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := srv.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("requests that are still under way are cut")
		err = srv.Close()
	}
	return err
}
