package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// authority issues certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert, a.key, a.pem, _ = a.issue("authority")
	return a
}

// issue makes a certificate for 127.0.0.1 and returns it, and what stands in its files.
func (a *authority) issue(name string) (cert *x509.Certificate, key *ecdsa.PrivateKey, certPEM, keyPEM string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: a.cert == nil,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		KeyUsage:    x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		a.t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	encode := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return cert, key, encode("CERTIFICATE", der), encode("EC PRIVATE KEY", keyDER)
}

// visitor speaks TLS, or does not, with a daemon.
type visitor struct {
	t       *testing.T
	address string
	pool    *x509.CertPool
}

// get returns the name in the certificate of the daemon; "error" if it does not answer.
func (v visitor) get(own ...tls.Certificate) string {
	v.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: v.pool, Certificates: own}}
	resp, err := transport.RoundTrip(request(v.t, "https://"+v.address+"/v2/images"))
	if err != nil {
		return "error"
	}
	resp.Body.Close() //nolint:errcheck // not read
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 1 {
		v.t.Errorf("%d over %s", resp.StatusCode, resp.Proto)
	}
	return resp.TLS.PeerCertificates[0].Subject.CommonName
}

// plain returns the status that plain HTTP is answered with; 0 if it is not.
func (v visitor) plain() int {
	v.t.Helper()
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request(v.t, "http://"+v.address+"/v2/images"))
	if err != nil {
		return 0
	}
	resp.Body.Close() //nolint:errcheck // not read
	return resp.StatusCode
}

// TestTLS: with a certificate the daemon serves https only; with ca_file only clients with a certificate; a reload brings
// a new certificate, and switches TLS on and off.
func TestTLS(t *testing.T) {
	t.Parallel()
	ca, s := newAuthority(t), newSite(t)
	files := func(name string) string {
		_, _, cert, key := ca.issue(name)
		return "cert_file = " + s.file("cert.pem", cert) + "\nkey_file = " + s.file("key.pem", key)
	}
	s.write(files("first"))
	d := s.start()
	v := visitor{t, strings.TrimPrefix(d.url, "http://"), x509.NewCertPool()}
	v.pool.AddCert(ca.cert)
	if got := v.get(); got != "first" || v.plain() == http.StatusOK {
		t.Errorf("TLS: %s, plain: %d", got, v.plain())
	}
	second := files("second")
	s.write(second)
	s.reload(d, reloaded)
	if got := v.get(); got != "second" {
		t.Errorf("after a reload: %s", got)
	}
	s.write(second, "ca_file = "+s.file("ca.pem", ca.pem))
	s.reload(d, reloaded)
	good, wrong := ca.pair("client"), newAuthority(t).pair("stranger")
	if a, b, c := v.get(), v.get(wrong), v.get(good); a != "error" || b != "error" || c != "second" {
		t.Errorf("without a certificate: %s, with a wrong one: %s, with a good one: %s", a, b, c)
	}
	s.write()
	s.reload(d, reloaded)
	await(t, "plain HTTP is served", func() bool { return v.plain() == http.StatusOK })
	d.stop()
}

// TestTLSFiles: a key that is not the certificate's, and a file of authorities without one, are refused.
func TestTLSFiles(t *testing.T) {
	t.Parallel()
	ca, s := newAuthority(t), newSite(t)
	_, _, cert, key := ca.issue("one")
	_, _, _, other := ca.issue("other")
	cert, key, other = s.file("cert.pem", cert), s.file("key.pem", key), s.file("other.pem", other)
	for options, want := range map[string]string{
		"cert_file = " + cert + "\nkey_file = " + other:                                  "cert_file, key_file",
		"cert_file = " + cert + "\nkey_file = " + key + "\nca_file = " + key:             "no certificate",
		"cert_file = " + cert + "\nkey_file = " + key + "\nca_file = " + s.dir + "/none": "ca_file",
		"ca_file = " + cert: "needs both",
	} {
		s.write(options)
		if text, code := s.refused(); code != 1 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", options, code, text)
		}
	}
}

// pair returns a certificate for a client.
func (a *authority) pair(name string) tls.Certificate {
	cert, key, _, _ := a.issue(name)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func request(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
