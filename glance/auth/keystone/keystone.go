package keystone

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sync/singleflight"

	"goglance/glance/auth"
	"goglance/glance/fault"
)

// tokenMax is the longest token that is asked about, in bytes. Keystone's own are below 300; those of the past, with
// everything in them, were below 10,000.
const tokenMax = 16 << 10

// Auth finds out whose token a request has. It is safe for concurrent use. Whoever makes one closes it.
type Auth struct {
	o       Options
	http    *http.Client
	session *session
	cache   *cache
	shared  *shared // nil: no memcached

	flights singleflight.Group
	ctx     context.Context // ends in Close
	cancel  context.CancelFunc
	running sync.WaitGroup
	closing sync.Mutex // no flight begins once ctx has ended
}

// New returns an Auth. It asks nobody anything: Keystone may come up later. An error names the option that makes no
// sense, and no secret.
func New(o Options) (*Auth, error) {
	a, err := build(o)
	if err != nil {
		return nil, fmt.Errorf("[keystone_authtoken] %w", err)
	}
	return a, nil
}

func build(o Options) (*Auth, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		o.Log = silent
	}
	switch strings.ToLower(o.Version) {
	case "", "v3", "v3.0", "3", "3.0", "auto":
	default:
		return nil, fmt.Errorf("auth_version %s: only v3 is supported", o.Version)
	}
	login, err := o.Login.complete(o.Legacy)
	if err != nil {
		return nil, err
	}
	client, err := o.HTTP.client()
	if err != nil {
		return nil, err
	}
	a := &Auth{o: o, http: client, cache: newCache(o.Cache.Time, o.Clock)}
	a.session = &session{login: login, http: client, face: o.Interface, region: o.Region, now: o.Clock, log: o.Log}
	if a.shared, err = newShared(o.Memcache, o.Cache.Time, o.Log); err != nil {
		return nil, err
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a, nil
}

// Close ends what is under way, and the connections.
func (a *Auth) Close() error {
	a.closing.Lock()
	a.cancel()
	a.closing.Unlock()
	a.running.Wait()
	a.http.CloseIdleConnections()
	return a.shared.close()
}

// Challenge returns the WWW-Authenticate header of a 401 (spec operations 7.4; in double quotes, as RFC 9110 11.2 has
// it and releases after Pike do).
func (a *Auth) Challenge() string {
	at := a.o.Public
	if at == "" {
		at = strings.TrimSuffix(strings.TrimRight(a.session.login.URL, "/"), "/v3")
	}
	return `Keystone uri="` + strings.NewReplacer(`"`, "%22", `\`, "%5C", "\r", "", "\n", "").Replace(at) + `"`
}

// Warnings returns what an operator should know of the options, one sentence each.
func (a *Auth) Warnings() (texts []string) {
	if a.o.Public == "" {
		texts = append(texts, "[keystone_authtoken] www_authenticate_uri is not set: clients without a token are told of auth_url")
	}
	if a.o.HTTP.Insecure {
		texts = append(texts, "[keystone_authtoken] insecure: Keystone's certificate is not verified, so whoever is between can be anybody")
	}
	if a.shared != nil && a.shared.seal == nil {
		texts = append(texts, "[keystone_authtoken] memcached_servers without memcache_security_strategy: whoever can write there can be anybody")
	}
	return texts
}

// Authenticate returns who sent the request (spec operations 7.1). Without a valid token that is nobody, or with
// delay_auth_decision off a fault.Unauthenticated; while tokens cannot be checked it is a fault.Unavailable.
func (a *Auth) Authenticate(r *http.Request) (*auth.Identity, error) {
	late, ok, err := a.serviceToken(r)
	if err != nil {
		return nil, err
	}
	var who *auth.Identity
	if ok || a.o.Delay { // an invalid service token is the application's to judge, which does not (spec operations 7.4)
		if who, err = a.user(r, late); err != nil {
			return nil, err
		}
	}
	if who == nil && !a.o.Delay {
		return nil, fault.New(fault.Unauthenticated, "this request needs a valid token")
	}
	return who, nil
}

// serviceToken reports whether the service token of a request lets the user's be late, and whether it is none or valid.
func (a *Auth) serviceToken(r *http.Request) (late, ok bool, err error) {
	text, given := tokenIn(r, "X-Service-Token")
	if !given {
		return false, true, nil
	}
	t, err := a.lookup(r.Context(), text, false)
	if t == nil || err != nil {
		return false, false, err
	}
	late = t.hasRole(a.o.ServiceRoles)
	return late, late || !a.o.ServiceRolesMust, nil
}

// user returns whose token a request has.
func (a *Auth) user(r *http.Request, late bool) (*auth.Identity, error) {
	text, given := tokenIn(r, "X-Auth-Token")
	if !given {
		text, _ = tokenIn(r, "X-Storage-Token")
	}
	t, err := a.lookup(r.Context(), text, late)
	if t == nil || err != nil {
		return nil, err
	}
	return t.identity(text), nil
}

// tokenIn returns the token in a header, and whether there is one. Several are none that anybody knows, and so is what
// cannot be a token: that is given, and empty.
func tokenIn(r *http.Request, name string) (text string, given bool) {
	values := r.Header.Values(name)
	if len(values) != 1 {
		return "", len(values) > 0
	}
	text = strings.Trim(values[0], " \t\r\n\v\f")
	if text == "" {
		return "", false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return "", true
		}
	}
	if len(text) > tokenMax {
		return "", true
	}
	return text, true
}

// key is how caches know a token.
type key [sha256.Size]byte

// lookup returns what is known of a token; nil if it is not valid. late: it may have expired.
func (a *Auth) lookup(ctx context.Context, text string, late bool) (*token, error) {
	if text == "" {
		return nil, nil
	}
	k := key(sha256.Sum256([]byte(text)))
	t, known := a.cache.get(k)
	if t != nil && t.expires.After(a.o.Clock()) {
		return t, nil
	}
	if known && !late {
		return nil, nil
	}
	flight := string(k[:])
	if late {
		flight += "late"
	}
	done := a.flights.DoChan(flight, func() (any, error) { return a.fly(k, text, late) })
	select {
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, "keystone.lookup", ctx.Err())
	case result := <-done:
		t, _ := result.Val.(*token)
		return t, result.Err
	}
}

// fly asks, for everyone who waits for the same token: its end is not that of one request.
func (a *Auth) fly(k key, text string, late bool) (*token, error) {
	a.closing.Lock()
	if a.ctx.Err() != nil {
		a.closing.Unlock()
		return nil, fault.New(fault.Unavailable, "the service is closing")
	}
	a.running.Add(1)
	a.closing.Unlock()
	defer a.running.Done()
	t, err := a.ask(k, text, late)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Unavailable, Op: "keystone", Msg: "The Keystone service is temporarily unavailable.", Err: err}
	}
	return t, nil
}

// ask returns what memcached, or else Keystone, knows of a token; nil if it is not valid.
func (a *Auth) ask(k key, text string, late bool) (*token, error) {
	if t := a.recall(k, text); t != nil {
		return t, nil
	}
	body, err := a.validate(a.ctx, text, late)
	if err != nil {
		return nil, err
	}
	if body == nil {
		if !late {
			a.cache.refuse(k)
		}
		return nil, nil
	}
	t, err := parse(body)
	if err != nil {
		return nil, err
	}
	if !t.expires.After(a.o.Clock()) { // it is put in no cache
		if !late {
			t = nil
		}
	} else if !t.refused(a.o.Bind) {
		a.cache.put(k, t)
		a.shared.put(k, text, body)
	}
	if t != nil && t.refused(a.o.Bind) {
		return nil, nil
	}
	return t, nil
}

// recall returns a valid token that memcached knows.
func (a *Auth) recall(k key, text string) *token {
	body := a.shared.get(k, text)
	if body == nil {
		return nil
	}
	t, err := parse(body)
	if err != nil || !t.expires.After(a.o.Clock()) || t.refused(a.o.Bind) {
		return nil
	}
	return t
}
