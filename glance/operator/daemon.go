package operator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"goglance/glance/config"
	"goglance/glance/db"
	"goglance/glance/operator/logs"
	"goglance/glance/operator/metrics"
	"goglance/glance/operator/pidfile"
)

// grace is how long requests under way have to end when the daemon stops.
const grace = 30 * time.Second

// host is what is different from one command that serves to another.
type host struct {
	program  string
	prefix   string
	embedded bool // no configuration files: in one folder, for this machine
	speaks   protocol
	load     func() (*config.Settings, error)
	listen   func(context.Context, *config.Settings) (sockets, error)
	greet    func(*config.Settings, net.Addr)
	stderr   io.Writer
}

// daemon serves. It is an http.Handler that hands every request to the generation in use.
type daemon struct {
	*host
	metrics *metrics.Metrics
	meter   meter // of the listener of the metrics
	front   *front

	mu      sync.RWMutex
	current *generation
	all     int            // generations that are not closed
	retired sync.WaitGroup // those that are to close

	ending context.Context // ends when the daemon is to stop
	stop   context.CancelFunc
}

// ServeHTTP answers a request in the generation in use.
func (d *daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer d.metrics.Begin(r)()
	g := d.acquire()
	defer g.running.Done()
	g.handler.ServeHTTP(w, r)
}

// acquire returns the generation in use, which does not close before running.Done is called.
func (d *daemon) acquire() *generation {
	d.mu.RLock()
	defer d.mu.RUnlock()
	d.current.running.Add(1)
	return d.current
}

// exchange puts a generation in the place of the one in use. That closes when its last request and its last task end:
// nobody can begin one in it any more.
func (d *daemon) exchange(next *generation) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.current
	d.current = next
	d.all++
	d.metrics.Generation(next.number, d.all)
	if before == nil {
		return
	}
	d.retired.Go(func() {
		before.settle(d.ending)
		_ = before.close() // it has said so in its log
		d.mu.Lock()
		defer d.mu.Unlock()
		d.all--
		d.metrics.Generation(d.current.number, d.all)
	})
}

// secure returns the TLS configuration in use.
func (d *daemon) secure() *tls.Config {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.current.secure
}

// pools returns the state of the database connections in use.
func (d *daemon) pools() map[string]db.Pool {
	d.mu.RLock() // for so long nothing is retired
	defer d.mu.RUnlock()
	return d.current.parts.DB.Pools()
}

// run serves until ctx ends, and reloads the configuration on SIGHUP.
func (h *host) run(ctx context.Context) (err error) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	d := &daemon{host: h}
	d.ending, d.stop = context.WithCancel(ctx)
	defer d.stop()
	d.metrics = metrics.New(d.pools)
	if err := d.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // it was stopped before it was there
		}
		return err
	}
	path := d.current.settings.Server.PIDFile
	if path != "" {
		defer func() { err = errors.Join(err, pidfile.Remove(path, os.Getpid())) }()
	}
	unwatch := watchdog(d)
	tellManager("READY=1\nSTATUS=serving on " + d.front.addr().String())
	for {
		select {
		case err := <-d.front.failed:
			unwatch()
			return errors.Join(err, d.end())
		case <-ctx.Done():
			unwatch()
			return d.end()
		case <-hangup:
			if h.embedded {
				unwatch()
				return d.end() // the terminal has gone, and there is nothing to read anew
			}
			d.reload(ctx)
		}
	}
}

// start makes the first generation. The sockets listen before it is complete: who connects meanwhile waits and is
// served (spec operations 6.1).
func (d *daemon) start(ctx context.Context) (err error) {
	g, err := d.read(1)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.close())
		}
	}()
	if path := g.settings.Server.PIDFile; path != "" {
		if err := pidfile.Create(path, os.Getpid(), d.program, filepath.Base(os.Args[0])); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, pidfile.Remove(path, os.Getpid()))
			}
		}()
	}
	s, err := d.listen(ctx, g.settings)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := g.open(ctx, d.host, d.metrics, s.listeners[0].Addr()); err != nil {
		return err
	}
	if err := d.meter.follow(g.settings.Metrics, d.metrics); err != nil {
		return err
	}
	d.front = newFront(d, stdlog.New(httpLog{d}, "", 0), d.secure)
	d.front.speaks = d.speaks
	d.exchange(g)
	if err := d.front.serve(s, g.settings, g.secure); err != nil {
		return errors.Join(err, d.meter.close())
	}
	g.log.WithField(logs.Logger, "glance.api").Infof("%s: listening on %s", version(), d.front.addr())
	d.greet(g.settings, d.front.addr())
	return nil
}

// reload makes the next generation. If that fails the one in use stays.
func (d *daemon) reload(ctx context.Context) {
	tellManager("RELOADING=1\n" + monotonic())
	log := d.current.log.WithField(logs.Logger, configLog)
	log.Info("the configuration is loaded again")
	err := d.next(ctx)
	d.metrics.Reloaded(err)
	if err != nil {
		log.WithError(err).Error("the configuration could not be loaded again, the one before stays in effect")
	} else {
		d.current.log.WithField(logs.Logger, configLog).Infof("generation %d of the configuration is in effect", d.current.number)
	}
	tellManager("READY=1")
}

func (d *daemon) next(ctx context.Context) error {
	g, err := d.read(d.current.number + 1)
	if err != nil {
		return err
	}
	moved, err := d.moved(ctx, g.settings)
	if err != nil {
		return errors.Join(err, g.close())
	}
	addr := d.front.addr()
	if moved != nil {
		addr = moved.listeners[0].Addr()
	}
	if err := g.open(ctx, d.host, d.metrics, addr); err != nil {
		if moved != nil {
			err = errors.Join(err, moved.close())
		}
		return errors.Join(err, g.close())
	}
	if err := d.meter.follow(g.settings.Metrics, d.metrics); err != nil {
		g.log.WithField(logs.Logger, configLog).WithError(err).Error("the metrics stay where they were")
	}
	before := d.current.settings.Server.PIDFile
	if g.settings.Server.PIDFile != before {
		g.log.WithField(logs.Logger, configLog).Warn("[DEFAULT] pid_file: a new name counts at the next start")
	}
	if err := d.front.follow(g.settings, g.secure, moved); err != nil {
		return errors.Join(err, g.close())
	}
	d.exchange(g)
	return nil
}

// moved returns the sockets of an address that is not the one in use; nil if it is.
func (d *daemon) moved(ctx context.Context, s *config.Settings) (*sockets, error) {
	if d.front.sockets.given || d.front.sockets.address == "" || d.front.sockets.address == address(s.Server) {
		return nil, nil
	}
	moved, err := listenTCP(ctx, s.Server, false)
	if err != nil {
		return nil, err
	}
	return &moved, nil
}

// end stops the daemon: requests under way have a while to finish, the rest is cut. Tasks are cancelled.
func (d *daemon) end() error {
	d.stop()
	tellManager("STOPPING=1")
	log := d.current.log.WithField(logs.Logger, "glance.api")
	log.Info("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if d.front.stop(ctx) {
		log.Warn("requests that were still under way are cut")
	}
	err := d.meter.close()
	d.retired.Wait()
	log.Info("stopped")
	return errors.Join(err, d.current.close())
}

// httpLog takes what net/http has to say: of clients that go away, mostly.
type httpLog struct{ d *daemon }

// Write logs one message.
func (l httpLog) Write(text []byte) (int, error) {
	l.d.mu.RLock() // for so long nothing is retired
	defer l.d.mu.RUnlock()
	l.d.current.log.WithField(logs.Logger, "glance.http").Debug(strings.TrimSpace(string(text)))
	return len(text), nil
}

// describe says where a daemon is, for people.
func describe(addr net.Addr, prefix string, secure bool) string {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return fmt.Sprintf("%s://%s%s", scheme, tcp, prefix)
	}
	return "unix:" + addr.String()
}
