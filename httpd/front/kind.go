// Package front runs nginx, Apache and HAProxy on this machine with the configurations that are shipped in httpd, as
// they are but for ports and paths. httpd's tests, its benchmarks and examples/proxies/try start them so.
package front

// Kind is a front end with a protocol, the configuration that we ship for the two, and what they can do together.
type Kind struct {
	Program  string // nginx, apache2, haproxy
	Protocol string // http, fcgi, uwsgi: as httpd --protocol takes it
	File     string // the configuration
	Chunked  Chunked
	// Asks: a client that waits for "100 Continue" hears the service's refusal instead. Otherwise the front end tells him
	// to go on by itself, and he hears the refusal after it.
	Asks bool
	// Sends: whole images can be sent by the front end itself, see "[sendfile] header".
	Sends bool
}

// Chunked is what becomes of an upload that does not say its length.
type Chunked string

// What front ends do with uploads without a length.
const (
	Streams Chunked = "streams"
	Kept    Chunked = "on the front end's disk first" // the protocol wants the length
	Refused Chunked = "411, by the front end"
)

// Kinds returns what there is, the recommended first.
func Kinds() []Kind {
	return []Kind{
		{"nginx", "http", "nginx.conf", Streams, false, true},
		{"nginx", "fcgi", "nginx-fcgi.conf", Streams, false, false},
		{"nginx", "uwsgi", "nginx-uwsgi.conf", Kept, false, false},
		{"apache2", "http", "apache.conf", Streams, true, false},
		{"apache2", "fcgi", "apache-fcgi.conf", Streams, false, false},
		{"apache2", "uwsgi", "apache-uwsgi.conf", Refused, false, false},
		{"haproxy", "http", "haproxy.cfg", Streams, true, false},
	}
}

// String names the two.
func (k Kind) String() string { return k.Program + " " + k.Protocol }
