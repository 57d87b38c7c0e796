package operator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"goglance/glance/config"
)

// httpdCommand is the daemon behind a front end.
func httpdCommand() *cobra.Command {
	return behind("httpd", `httpd serves the same API as server to a front end on this machine, on a unix socket, a TCP address, or the
socket that systemd hands over.`, func(*choices) {})
}

// wsgiName is how the reference calls the script that it runs in a web server.
const wsgiName = "glance-wsgi-api"

// wsgiCommand is httpd with the configuration that the reference's script would read (spec operations 12).
func wsgiCommand() *cobra.Command {
	return behind(wsgiName, `glance-wsgi-api is httpd with the configuration files in $OS_GLANCE_CONFIG_DIR, or /etc/glance.`, func(c *choices) {
		c.line.Named = append(wsgiFiles(os.Getenv("OS_GLANCE_CONFIG_DIR")), c.line.Named...)
	})
}

// wsgiFiles returns the files that the script reads. The paste file is found beside the last one, as always.
func wsgiFiles(dir string) []config.Place {
	if dir = strings.TrimSpace(dir); dir == "" {
		dir = "/etc/glance"
	}
	var files []config.Place
	if path := filepath.Join(dir, "glance-image-import.conf"); exists(path) {
		files = append(files, config.Place{Path: path})
	}
	return append(files, config.Place{Path: filepath.Join(dir, "glance-api.conf")})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// frontEnd is what the command line says of the front end.
type frontEnd struct {
	speaks  protocol
	socket  unixSocket
	address string // HOST:PORT
}

func behind(name, what string, configured func(*choices)) *cobra.Command {
	cmd := &cobra.Command{
		Use:   name,
		Short: "An OpenStack Image service behind Apache, nginx or HAProxy",
		Long: what + `

Over HTTP, what the front end says in Forwarded and X-Forwarded-* headers is believed: of whoever may connect to the
socket, and on an address of this machine alone or of [DEFAULT] trusted_peers. FastCGI and uwsgi say themselves who the
client is; those headers then count as the configuration says.`,
		Args: cobra.NoArgs,
	}
	c := newChoices(cmd)
	f := frontEnd{speaks: speaksHTTP}
	flags := cmd.Flags()
	flags.Var(&f.speaks, "protocol", "what the front end speaks; HTTP and FastCGI stream uploads without length, uwsgi cannot")
	flags.StringVar(&f.socket.path, "socket", "", "`path` of the unix socket to listen on")
	flags.StringVar(&f.socket.mode, "socket-mode", fmt.Sprintf("%o", socketMode), "`mode` of the socket: who may connect to it is believed")
	flags.StringVar(&f.socket.owner, "socket-owner", "", "`user:group` of the socket, each optional (default those of the process)")
	flags.StringVar(&f.address, "address", "", "`host:port` to listen on instead of a socket")
	cmd.MarkFlagsMutuallyExclusive("socket", "address")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		configured(c)
		if f.speaks == speaksHTTP {
			c.line.Set("oslo_middleware", "enable_proxy_headers_parsing", "true")
		}
		h, err := c.host(cmd)
		if err != nil {
			return err
		}
		load := h.load
		h.load = func() (*config.Settings, error) {
			s, err := load()
			if err == nil {
				f.rules(s)
			}
			return s, err
		}
		h.speaks, h.listen = f.speaks, f.listen
		return h.run(cmd.Context())
	}
	return cmd
}

// rules gives the front end what is its business (spec operations 12), and says whose headers are believed where
// everyone on the machine can connect.
func (f *frontEnd) rules(s *config.Settings) {
	s.Server.CertFile, s.Server.KeyFile, s.Server.CAFile = "", "", ""
	if f.address != "" && f.speaks == speaksHTTP && len(s.Server.TrustedPeers) == 0 {
		s.Server.TrustedPeers = []string{"127.0.0.0/8", "::1"}
	}
}

// listen listens on the sockets of systemd, or where the command line says.
func (f *frontEnd) listen(ctx context.Context, s *config.Settings) (sockets, error) {
	given, err := inherited(s.Server)
	switch {
	case err != nil || len(given.listeners) > 0:
		return given, err
	case f.socket.path != "":
		ln, err := f.socket.listen(ctx)
		if err != nil {
			return sockets{}, err
		}
		return sockets{listeners: []net.Listener{ln}}, nil
	case f.address != "":
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", f.address)
		if err != nil {
			return sockets{}, err
		}
		return sockets{listeners: []net.Listener{ln}}, nil
	}
	return sockets{}, errors.New("--socket or --address must say where to listen, or systemd hand a socket over")
}
