package operator

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"goglance/glance/settings"
)

// tlsConfig returns what the options say of TLS; nil: none. Only that key and certificate match is looked at, as in the
// reference: not dates, names or chain (spec operations 6.1).
func tlsConfig(o settings.Server) (*tls.Config, error) {
	switch {
	case o.CertFile == "" && o.KeyFile == "" && o.CAFile == "":
		return nil, nil
	case o.CertFile == "" || o.KeyFile == "":
		return nil, errors.New("[DEFAULT] cert_file and key_file: TLS needs both")
	}
	pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("[DEFAULT] cert_file, key_file: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if o.CAFile == "" {
		return c, nil
	}
	text, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("[DEFAULT] ca_file: %w", err)
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("[DEFAULT] ca_file: there is no certificate in %s", o.CAFile)
	}
	return c, nil
}
