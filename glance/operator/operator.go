// Package operator is the commands of the service. The mains in server and httpd call it and nothing else.
package operator

import (
	"context"
	"net"
	"os/signal"
	"syscall"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"goglance/glance/config"
)

// Server runs the daemon with the command line of the process and returns its exit code: 0 after a clean stop, 1 for
// any failure.
func Server() int {
	s := settings{}
	cmd := &cobra.Command{
		Use:   "server",
		Short: "An OpenStack Image service",
		Long: `server runs an OpenStack Image service (Glance). Without any configuration it keeps everything in one folder and
serves this machine only, as nobody has to say who he is.`,
	}
	s.flags(cmd)
	var host string
	var port uint16
	cmd.Flags().StringVar(&host, "bind-host", "127.0.0.1", "address to listen on")
	cmd.Flags().Uint16Var(&port, "bind-port", 9292, "port to listen on; 0: any free one")
	cmd.Flags().StringSliceVar(&s.trustedPeers, "trusted-peers", nil, "addresses and networks whose identity headers are believed (default all)")
	return execute(cmd, &s, func(ctx context.Context) (net.Listener, error) {
		return listenTCP(ctx, host, port)
	})
}

// HTTPD runs the service for a front end on a unix socket, with the command line of the process, and returns its exit
// code.
func HTTPD() int {
	s := settings{behindProxy: true}
	cmd := &cobra.Command{
		Use:   "httpd",
		Short: "An OpenStack Image service behind Apache, nginx or HAProxy",
		Long: `httpd serves the same API as server, over HTTP on a unix socket, to a front end on this machine. Whoever may
connect to the socket is believed what he says in X-Forwarded-* headers.`,
	}
	s.flags(cmd)
	var socket string
	cmd.Flags().StringVar(&socket, "socket", "", "path of the unix socket to listen on")
	cmd.MarkFlagRequired("socket") //nolint:errcheck // the flag is there
	return execute(cmd, &s, func(ctx context.Context) (net.Listener, error) {
		return listenUnix(ctx, socket)
	})
}

// settings are the flags that both hosts have.
type settings struct {
	dataDir      string
	prefix       string
	trustedAuth  bool
	trustedPeers []string
	debug        bool
	behindProxy  bool // believe X-Forwarded-* from the socket; not a flag
}

func (s *settings) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.dataDir, "data-dir", "", "folder of database, images and journal (default $XDG_DATA_HOME/glance)")
	cmd.Flags().StringVar(&s.prefix, "prefix", "", "path in front of the API, such as /image")
	cmd.Flags().BoolVar(&s.trustedAuth, "trusted-auth", false, "take the caller's identity from the headers that a front end sets")
	cmd.Flags().BoolVar(&s.debug, "debug", false, "log more")
}

// umask keeps what the service makes from others (spec operations 6.1).
const umask = 0o027

func execute(cmd *cobra.Command, s *settings, listen func(context.Context) (net.Listener, error)) int {
	syscall.Umask(umask)
	cmd.Args = cobra.NoArgs
	cmd.SilenceUsage = true
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.run(cmd.Context(), cmd.OutOrStdout(), listen)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := cmd.ExecuteContext(ctx); err != nil {
		return 1 // cobra has said why
	}
	return 0
}

func (s *settings) logger() *logrus.Logger {
	log := logrus.New()
	log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true})
	if s.debug {
		log.SetLevel(logrus.DebugLevel)
	}
	return log
}

func (s *settings) folder() (string, error) {
	if s.dataDir != "" {
		return s.dataDir, nil
	}
	return config.DataDir()
}
