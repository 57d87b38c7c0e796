package operator

import (
	"context"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"strings"

	"goglance/glance/operator/fcgi"
	"goglance/glance/operator/sendfile"
	"goglance/glance/operator/uwsgi"
)

// protocol is what a front end speaks with the service. The zero value is HTTP.
type protocol string

const (
	speaksHTTP    protocol = "http"
	speaksFastCGI protocol = "fcgi"
	speaksUWSGI   protocol = "uwsgi"
)

func protocols() []string {
	return []string{string(speaksHTTP), string(speaksFastCGI), string(speaksUWSGI)}
}

// Set takes a protocol from the command line.
func (p *protocol) Set(text string) error {
	for _, name := range protocols() {
		if text == name {
			*p = protocol(text)
			return nil
		}
	}
	return fmt.Errorf("it is one of %s", strings.Join(protocols(), ", "))
}

// String returns the name.
func (p *protocol) String() string { return string(*p) }

// Type is for the help.
func (p *protocol) Type() string { return strings.Join(protocols(), "|") }

// web reports whether a browser could speak it.
func (p protocol) web() bool { return p != speaksFastCGI && p != speaksUWSGI }

// listener returns what a server of the protocol is to accept from.
func (p protocol) listener(ln net.Listener) net.Listener {
	switch p {
	case speaksFastCGI: // it has records around the bytes
		return ln
	case speaksUWSGI:
		return uwsgi.Listener{Listener: sendfile.Listener{Listener: ln}}
	default:
		return sendfile.Listener{Listener: ln}
	}
}

// protocolServer is a server of any protocol: http.Server has these methods.
type protocolServer interface {
	Serve(ln net.Listener) error
	Shutdown(ctx context.Context) error
	Close() error
}

// server returns a server in the manner.
func (m manner) server(h http.Handler, errorLog *stdlog.Logger) protocolServer {
	header := headerTime
	if m.idle > 0 {
		header = min(header, m.idle)
	}
	if m.speaks == speaksFastCGI {
		return &fcgi.Server{Handler: h, Stall: m.idle, HeaderTime: header, ErrorLog: errorLog}
	}
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	s := &http.Server{
		Handler: sendfile.Handler(h), Protocols: http1, ReadHeaderTimeout: header, IdleTimeout: m.idle,
		DisableGeneralOptionsHandler: true, ErrorLog: errorLog,
	}
	if m.line > 0 {
		s.MaxHeaderBytes = max(headerMin, m.line+headerSlop)
	}
	s.SetKeepAlivesEnabled(m.keepAlive)
	if m.speaks == speaksUWSGI {
		s.Handler, s.ConnContext = uwsgi.Handler(s.Handler), uwsgi.ConnContext
	}
	return s
}
