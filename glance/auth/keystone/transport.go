package keystone

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// Bounds of what Keystone may do to us (spec security S16).
const (
	answerMax   = 4 << 20 // bytes of an answer's body: the catalog of a large cloud is far below a megabyte
	headMax     = 64 << 10
	connections = 256 // at once; who comes then waits, within his timeout
	patience    = 30 * time.Second
	firstPause  = 250 * time.Millisecond // before a second try; it doubles
)

// client returns what talks to Keystone: no redirects, which would carry tokens elsewhere, no proxy, an end to every
// request and every body.
func (o HTTPOptions) client() (*http.Client, error) {
	conf, err := o.tls()
	if err != nil {
		return nil, err
	}
	limit := o.limit()
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	t := &http.Transport{
		DialContext:     (&net.Dialer{Timeout: limit}).DialContext,
		TLSClientConfig: conf, TLSHandshakeTimeout: limit, ResponseHeaderTimeout: limit, MaxResponseHeaderBytes: headMax,
		MaxConnsPerHost: connections, MaxIdleConns: connections, MaxIdleConnsPerHost: connections, IdleConnTimeout: time.Minute,
		DisableCompression: true, Protocols: http1,
	}
	return &http.Client{
		Transport: &polite{base: t, retries: o.Retries}, Timeout: o.total(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// limit is how long one try may take.
func (o HTTPOptions) limit() time.Duration {
	switch {
	case o.ConnectTimeout > 0:
		return o.ConnectTimeout
	case o.Timeout > 0:
		return o.Timeout
	}
	return patience
}

// total is how long a request may take with all its tries. Those after the first begin only when no connection came
// about, which mostly is seen at once.
func (o HTTPOptions) total() time.Duration {
	total, pause := o.limit(), firstPause
	for range min(o.Retries, 10) {
		total += pause
		pause *= 2
	}
	return total
}

func (o HTTPOptions) tls() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure}
	if o.CAFile != "" {
		text, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("cafile: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("cafile: there is no certificate in %s", o.CAFile)
		}
	}
	if o.CertFile == "" && o.KeyFile == "" {
		return conf, nil
	}
	key := o.KeyFile
	if key == "" {
		key = o.CertFile // one file may hold both
	}
	pair, err := tls.LoadX509KeyPair(o.CertFile, key)
	if err != nil {
		return nil, fmt.Errorf("certfile, keyfile: %w", err)
	}
	conf.Certificates = []tls.Certificate{pair}
	return conf, nil
}

// polite tries again when there is no connection, and bounds what it hands on.
type polite struct {
	base    *http.Transport
	retries int
}

// RoundTrip sends a request. Only one that did not reach Keystone is sent again.
func (p *polite) RoundTrip(r *http.Request) (*http.Response, error) {
	pause := firstPause
	for tries := 0; ; tries++ {
		resp, err := p.base.RoundTrip(r)
		if err == nil {
			resp.Body = &bounded{ReadCloser: resp.Body, left: answerMax}
			return resp, nil
		}
		var dial *net.OpError
		if tries == p.retries || !errors.As(err, &dial) || dial.Op != "dial" || dial.Timeout() {
			return nil, err
		}
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(pause):
			pause *= 2
		}
		if r.GetBody != nil {
			body, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			r = r.Clone(r.Context())
			r.Body = body
		}
	}
}

// CloseIdleConnections is for http.Client.CloseIdleConnections.
func (p *polite) CloseIdleConnections() { p.base.CloseIdleConnections() }

// bounded is a body that ends in an error when it is too long.
type bounded struct {
	io.ReadCloser
	left int
}

var errTooLong = errors.New("the answer is too long")

// Read reads what is left of the allowance.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	if len(p) > b.left {
		p = p[:b.left]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	return n, err
}
