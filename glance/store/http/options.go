package httpstore

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/sirupsen/logrus"

	"goglance/glance/egress"
)

// Options says how servers are reached. The package documentation explains each.
type Options struct {
	CACertificates string            `name:"https_ca_certificates_file" group:"glance_store" help:"PEM file of the authorities that https servers of image data are verified against"`
	Insecure       bool              `name:"https_insecure" group:"glance_store" default:"true" help:"do not verify https servers of image data; without meaning beside https_ca_certificates_file"`
	Proxies        map[string]string `name:"http_proxy_information" group:"glance_store" secret:"true" help:"proxies to servers of image data, each scheme:host:port"`

	Filter *egress.Filter     // which servers may be read; required
	Log    logrus.FieldLogger // for warnings; nil: none are given
}

// tls returns how https servers are verified.
func (o Options) tls() (*tls.Config, error) {
	if o.CACertificates == "" {
		return &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure}, nil
	}
	text, err := os.ReadFile(o.CACertificates)
	if err != nil {
		return nil, fmt.Errorf("https_ca_certificates_file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("https_ca_certificates_file: no certificate in %s", o.CACertificates)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, nil
}

// proxies returns the proxies by the scheme of the URLs that go through them. Errors do not quote them: they may have a
// password.
func (o Options) proxies() (map[string]*url.URL, error) {
	all := map[string]*url.URL{}
	for scheme, address := range o.Proxies {
		if scheme != "http" && scheme != "https" {
			return nil, fmt.Errorf("http_proxy_information: %q is neither http nor https", scheme)
		}
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		proxy, err := url.Parse(address)
		if err != nil || proxy.Host == "" || proxy.Scheme != "http" && proxy.Scheme != "https" {
			return nil, fmt.Errorf("http_proxy_information: the proxy for %s is not host:port", scheme)
		}
		all[scheme] = proxy
	}
	return all, nil
}
