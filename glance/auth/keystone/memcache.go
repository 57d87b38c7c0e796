package keystone

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/sirupsen/logrus"
)

// shared is the cache in memcached. A nil one is empty. Nothing about it is an error of a request: what cannot be had
// from there is asked of Keystone.
type shared struct {
	client *memcache.Client
	ring   *ring
	seal   *seal // nil: entries are not protected
	time   int32 // seconds that an entry lives
	free   chan struct{}
	wait   time.Duration
	log    logrus.FieldLogger
}

// newShared returns nil when there are no servers, or tokens are not to be kept.
func newShared(o MemcacheOptions, keep time.Duration, log logrus.FieldLogger) (*shared, error) {
	protection, err := newSeal(o.Strategy, o.Secret)
	if err != nil || len(o.Servers) == 0 || keep <= 0 {
		return nil, err
	}
	r := &ring{pause: o.DeadRetry, dead: map[string]time.Time{}}
	for _, server := range o.Servers {
		at, err := address(server)
		if err != nil {
			return nil, err
		}
		r.servers = append(r.servers, at)
	}
	s := &shared{
		client: memcache.NewFromSelector(r), ring: r, seal: protection, time: int32(min(keep, monthly) / time.Second),
		free: make(chan struct{}, max(o.PoolMax, 1)*len(r.servers)), wait: o.GetTimeout, log: log,
	}
	s.client.MaxIdleConns = o.PoolMax
	if s.client.Timeout = o.SocketTimeout; s.client.Timeout <= 0 {
		s.client.Timeout = 3 * time.Second
	}
	return s, nil
}

// monthly is the longest time that memcached takes for one; a larger number is a date.
const monthly = 30 * 24 * time.Hour

// place is a server. Its name is resolved when it is connected to, so that it need not be there before.
type place struct{ network, at string }

// Network returns tcp or unix.
func (p place) Network() string { return p.network }

// String returns host:port or a path.
func (p place) String() string { return p.at }

// address reads host, host:port, inet6:[host]:port, or unix:path.
func address(text string) (place, error) {
	text = strings.TrimSpace(text)
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		return place{"unix", path}, nil
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "inet6:"), "inet:")
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.Trim(text, "[]"), "11211"
	}
	if host == "" || port == "" {
		return place{}, fmt.Errorf("memcached_servers: %q is not host:port", text)
	}
	return place{"tcp", net.JoinHostPort(host, port)}, nil
}

// ring chooses the server of a key as the reference's client does, so that services share entries. It leaves out servers
// that did not answer a while ago.
type ring struct {
	servers []place
	pause   time.Duration
	mu      sync.Mutex
	dead    map[string]time.Time // until when
}

// PickServer returns the server of a key.
func (r *ring) PickServer(key string) (net.Addr, error) {
	n := crc32.ChecksumIEEE([]byte(key)) >> 16 & 0x7fff
	at := r.servers[int(max(n, 1))%len(r.servers)]
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.dead[at.at]) {
		return nil, memcache.ErrNoServers
	}
	return at, nil
}

// Each calls f for every server.
func (r *ring) Each(f func(net.Addr) error) error {
	for _, s := range r.servers {
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}

// bury leaves out the server of a key for a while.
func (r *ring) bury(key string) {
	at, err := r.PickServer(key)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dead[at.String()] = time.Now().Add(r.pause)
}

// name returns the key of a token's entry, and what protects it.
func (s *shared) name(k key, text string) (string, keys) {
	if s.seal == nil {
		return "tokens/" + hex.EncodeToString(k[:]), keys{}
	}
	secret := s.seal.keys(text)
	return "tokens/" + secret.name, secret
}

// get returns the document of a token; nil if there is none, or none that can be believed.
func (s *shared) get(k key, text string) []byte {
	if s == nil {
		return nil
	}
	name, secret := s.name(k, text)
	var item *memcache.Item
	s.use(name, func() (err error) {
		item, err = s.client.Get(name)
		return err
	})
	if item == nil {
		return nil
	}
	if s.seal == nil {
		return item.Value
	}
	body, err := secret.open(item.Value)
	if err != nil {
		s.log.Error("an entry of memcached does not have the protection that it should have: it is ignored")
		return nil
	}
	return body
}

// put keeps the document of a valid token.
func (s *shared) put(k key, text string, body []byte) {
	if s == nil {
		return
	}
	name, secret := s.name(k, text)
	if s.seal != nil {
		var err error
		if body, err = secret.close(body); err != nil {
			s.log.WithError(err).Error("a token cannot be protected, so it is not kept in memcached")
			return
		}
	}
	s.use(name, func() error {
		return s.client.Set(&memcache.Item{Key: name, Value: body, Expiration: s.time})
	})
}

// use calls fn with a connection that is free, if one gets free in time. A connection that has died meanwhile, as all
// have after a restart, is no reason to leave the server out: the next one is new.
func (s *shared) use(name string, fn func() error) {
	late := time.NewTimer(s.wait)
	defer late.Stop()
	select {
	case s.free <- struct{}{}:
		defer func() { <-s.free }()
	case <-late.C:
		return
	}
	err := fn()
	var op *net.OpError
	var slow *memcache.ConnectTimeoutError
	switch {
	case err == nil, errors.Is(err, memcache.ErrCacheMiss), errors.Is(err, memcache.ErrNoServers):
	case errors.As(err, &slow), errors.As(err, &op) && (op.Op == "dial" || op.Timeout()):
		s.ring.bury(name)
		s.log.WithError(err).Warnf("memcached does not answer, and is left out for %s", s.ring.pause)
	default: // its text may quote an entry
		s.log.Debug("memcached could not be used this time")
	}
}

func (s *shared) close() error {
	if s == nil {
		return nil
	}
	return s.client.Close()
}
