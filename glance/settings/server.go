package settings

import "time"

// Server is the options of the daemon's listening socket.
type Server struct {
	BindHost     string        `name:"bind_host" default:"0.0.0.0" kind:"host" help:"address to listen on"`
	BindPort     int           `name:"bind_port" default:"9292" kind:"port" help:"port to listen on"`
	Backlog      int           `name:"backlog" default:"4096" min:"1" help:"connections that may wait to be accepted"`
	KeepIdle     time.Duration `name:"tcp_keepidle" default:"600" min:"1" help:"seconds of silence after which the kernel asks whether a client is still there"`
	Workers      int           `name:"workers" min:"0" help:"accepted and without effect: one process serves with all processors"`
	HeaderMax    int           `name:"max_header_line" default:"16384" min:"0" help:"longest line of a request's header in bytes; tokens with a long catalog need more"`
	KeepAlive    bool          `name:"http_keepalive" default:"true" help:"serve more than one request on a connection"`
	CertFile     string        `name:"cert_file" help:"certificate for TLS, in PEM; needs key_file"`
	KeyFile      string        `name:"key_file" help:"key of the certificate, in PEM; needs cert_file"`
	CAFile       string        `name:"ca_file" help:"certificates of authorities, in PEM: every client must have a certificate from one of them"`
	TrustedPeers []string      `name:"trusted_peers" help:"addresses and networks whose identity headers are believed where the pipeline checks no token, and whose Forwarded headers where those are; unset: every peer's; not in the reference"`
	StateDir     string        `name:"state_dir" default:"/var/lib/glance/state" help:"folder on a local disk for the journal of uploads; not in the reference"`
	PIDFile      string        `name:"pid_file" help:"file to write the number of the process to; not in the reference"`
}

// Metrics is the options of the measurements; none is in the reference.
type Metrics struct {
	MetricsHost string `name:"bind_host" group:"metrics" default:"127.0.0.1" kind:"host" help:"address where Prometheus finds metrics; not in the reference"`
	MetricsPort int    `name:"bind_port" group:"metrics" default:"0" kind:"port" help:"port where Prometheus finds metrics; 0: there are none; not in the reference"`
}

// Paste is the options that choose the pipeline.
type Paste struct {
	Flavor     string `name:"flavor" group:"paste_deploy" help:"which pipeline of the paste file: glance-api-FLAVOR; unset: glance-api. Without a paste file these are known: keystone, trusted-auth, each also with +cachemanagement, keystone+caching, caching, cachemanagement"`
	ConfigFile string `name:"config_file" group:"paste_deploy" help:"the paste file; unset: NAME-paste.ini beside the last configuration file NAME.conf, if it is there"`
}
