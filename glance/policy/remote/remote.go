// Package remote asks another service for decisions over HTTP, for http: and https: checks of package policy. Such a
// service, a policy server, gets a POST with a form and answers 200 and the text True or False.
//
// It is part of the decision, so nothing is done for it that could be turned against us: the certificate of https: is
// verified, a redirect is not followed, an answer that is late, long or not 200 is none.
package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	patience  = 10 * time.Second // for the whole exchange
	maxAnswer = 1 << 20          // bytes
	maxConns  = 64               // to one host; further checks wait
)

// Client asks policy servers. It is safe for concurrent use.
type Client struct {
	http http.Client
}

// New returns a Client. Config says whom https: trusts; nil: the certificate authorities of this machine. The caller
// closes it.
func New(config *tls.Config) *Client {
	return &Client{http: http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: patience}).DialContext,
			TLSClientConfig:        config,
			MaxIdleConnsPerHost:    maxConns,
			MaxConnsPerHost:        maxConns,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: maxAnswer,
			DisableCompression:     true,
		},
	}}
}

// Ask posts form to address and returns the body of the answer. It is a policy.Remote. Errors are for the log; they
// show the address without a password.
func (c *Client) Ask(ctx context.Context, address string, form url.Values) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", errors.New("the address makes no sense") // the error of net/http shows the password
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := c.http.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // only read
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	where := request.URL.Redacted()
	switch {
	case err != nil:
		return "", fmt.Errorf("answer of %s: %w", where, err)
	case response.StatusCode != http.StatusOK:
		return "", fmt.Errorf("%s answers with status %d", where, response.StatusCode)
	case len(answer) > maxAnswer:
		return "", fmt.Errorf("%s answers with more than %d bytes", where, maxAnswer)
	}
	return string(answer), nil
}

// Close lets go of connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }
