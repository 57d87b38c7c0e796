package keystone_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"goglance/glance/auth/keystone/keystonetest"
)

// secured is a Keystone behind TLS, once with a certificate for its address and once for another name.
type secured struct{ good, bad, ca string }

func newTLS(t *testing.T, k *keystonetest.Server) secured {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	sign := func(leaf *x509.Certificate) []byte {
		der, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	serve := func(leaf *x509.Certificate) string {
		target, err := url.Parse(k.URL)
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(target)
		proxy.Transport = &http.Transport{DisableKeepAlives: true}
		server := httptest.NewUnstartedServer(proxy)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{sign(leaf)}, PrivateKey: key}}}
		server.StartTLS()
		t.Cleanup(server.Close)
		return server.URL + "/v3"
	}
	leaf := x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour)}
	good, bad := leaf, leaf
	good.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	bad.DNSNames = []string{"elsewhere.example"}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sign(authority)}), 0o600); err != nil {
		t.Fatal(err)
	}
	return secured{good: serve(&good), bad: serve(&bad), ca: ca}
}
