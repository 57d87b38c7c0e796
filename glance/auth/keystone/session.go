package keystone

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/utils"
	"github.com/sirupsen/logrus"

	"goglance/glance/fault"
)

// Times of the service's own token.
const (
	renewBefore = 30 * time.Second // its expiry
	sulk        = time.Second      // after a login that failed, until the next: a storm of them would not help Keystone
)

// session is the service's own login. It is safe for concurrent use.
type session struct {
	login  Login
	http   *http.Client
	face   string // interface of the endpoint
	region string
	now    func() time.Time
	log    logrus.FieldLogger

	mu     sync.Mutex // held while logging in: one does, the others wait
	ticket ticket
	failed error
	tryAt  time.Time // no login before
}

// ticket is what a login brings.
type ticket struct {
	token    string // of the service
	user     string // its id
	endpoint string // of the Identity API, ending in /v3/
	expires  time.Time
}

// get returns the ticket in use, or a new one when there is none, when it is about to expire, or when it is that of
// stale, which Keystone has refused.
func (s *session) get(ctx context.Context, stale string) (ticket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.ticket; t.token != "" && t.token != stale && s.now().Add(renewBefore).Before(t.expires) {
		return t, nil
	}
	if s.failed != nil && s.now().Before(s.tryAt) {
		return ticket{}, s.failed
	}
	t, err := s.open(ctx, s.login)
	if err != nil {
		s.ticket, s.failed, s.tryAt = ticket{}, err, s.now().Add(sulk)
		return ticket{}, err
	}
	s.ticket, s.failed = t, nil
	return t, nil
}

// open logs in.
func (s *session) open(ctx context.Context, login Login) (ticket, error) {
	root, err := s.discover(ctx, login.URL)
	if err != nil {
		return ticket{}, fmt.Errorf("version discovery: %w", tame(err))
	}
	if login.Type == adminToken {
		return ticket{token: login.Token, endpoint: root, expires: s.now().Add(time.Hour)}, nil
	}
	result := tokens.Create(ctx, s.api(root, ""), login.options())
	if result.Err != nil {
		return ticket{}, fmt.Errorf("login of the service: %w", tame(result.Err))
	}
	return s.admit(root, result)
}

// admit reads the answer to a login.
func (s *session) admit(root string, result tokens.CreateResult) (ticket, error) {
	var body struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
		Catalog []service `json:"catalog"`
	}
	own, err := result.ExtractToken()
	if err == nil {
		err = result.ExtractInto(&body)
	}
	if err != nil || own.ID == "" || own.ExpiresAt.IsZero() || body.User.ID == "" {
		return ticket{}, errors.New("login of the service: Keystone's answer is not understood")
	}
	t := ticket{token: own.ID, user: body.User.ID, endpoint: root, expires: own.ExpiresAt}
	if at := s.locate(body.Catalog); at != "" {
		if t.endpoint, err = versioned(at); err != nil {
			return ticket{}, errors.New("the Identity endpoint in the catalog is not a URL")
		}
	} else {
		s.log.Warnf("the catalog has no Identity endpoint for interface %q, region %q: tokens are checked at auth_url", s.face, s.region)
	}
	return t, nil
}

// locate returns the Identity endpoint in a catalog; "" if there is none.
func (s *session) locate(catalog []service) string {
	for _, entry := range catalog {
		if entry.Type != "identity" {
			continue
		}
		for _, e := range entry.Endpoints {
			if e.Interface == s.face && (s.region == "" || e.Region == s.region || e.RegionID == s.region) {
				return e.URL
			}
		}
	}
	return ""
}

// discover returns the v3 endpoint at a URL that may lack a version, or name another one.
func (s *session) discover(ctx context.Context, at string) (string, error) {
	base, err := utils.BaseEndpoint(at)
	if err != nil {
		return "", errors.New("auth_url is not a URL")
	}
	p := s.provider("")
	p.IdentityBase, p.IdentityEndpoint = gophercloud.NormalizeURL(base), gophercloud.NormalizeURL(at)
	_, found, err := utils.ChooseVersion(ctx, p, []*utils.Version{{ID: "v3", Priority: 1, Suffix: "/v3/"}})
	if err != nil {
		return "", err
	}
	return gophercloud.NormalizeURL(found), nil
}

// versioned returns the v3 endpoint of one in a catalog, which may be without a version or have an old one.
func versioned(at string) (string, error) {
	base, err := utils.BaseEndpoint(at)
	return gophercloud.NormalizeURL(base) + "v3/", err
}

// provider returns a client of the library that has a token and logs in nowhere by itself.
func (s *session) provider(token string) *gophercloud.ProviderClient {
	return &gophercloud.ProviderClient{HTTPClient: *s.http, TokenID: token}
}

// api returns the library's client of the Identity API.
func (s *session) api(endpoint, token string) *gophercloud.ServiceClient {
	return &gophercloud.ServiceClient{ProviderClient: s.provider(token), Endpoint: endpoint, Type: "identity"}
}

// answer is a status that Keystone should not have answered with.
type answer int

// Error tells the status.
func (a answer) Error() string { return fmt.Sprintf("answer %d of Keystone", int(a)) }

// tame returns an error that is fit for a log: the library's quote the bodies of answers, those of net/http whole URLs.
func tame(err error) error {
	var code gophercloud.ErrUnexpectedResponseCode
	if errors.As(err, &code) {
		return answer(code.Actual)
	}
	var plain answer
	if errors.As(err, &plain) {
		return err
	}
	text := err.Error()
	if i := strings.Index(text, "\": "); i >= 0 && strings.Contains(text[:i], "://") {
		text = text[i+len("\": "):] // of "Get "http://...": the cause"
	}
	return errors.New(text)
}

// refused gives an error of Keystone its kind, and takes out of it what is not fit for a log.
func refused(op string, err error) error {
	if err == nil {
		return nil
	}
	kind := fault.Unavailable
	err = tame(err)
	var code answer
	if errors.As(err, &code) {
		switch code {
		case http.StatusForbidden, http.StatusNotFound:
			kind = fault.Forbidden
		case http.StatusUnauthorized:
			kind = fault.Unauthenticated
		}
	}
	return fault.Wrap(kind, op, err)
}
