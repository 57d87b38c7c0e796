package operator

import (
	"net"
	"net/http"
	"net/netip"
)

// local guards a service on this machine that asks nobody who he is. It need not fear other machines, but the web pages
// that somebody here looks at: his browser would carry their requests to it, by a name of theirs that resolves to this
// machine, or across origins.
func local(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			http.Error(w, "Without authentication only requests to localhost are served.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// loopback reports whether a Host header names this machine.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	addr, err := netip.ParseAddr(name)
	return name == "" || name == "localhost" || err == nil && addr.IsLoopback()
}
