package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"goglance/glance/config"
)

// serverCommand is the daemon that needs no configuration, and takes one.
func serverCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "server",
		Short: "An OpenStack Image service",
		Long: `server runs an OpenStack Image service (Glance). Without any configuration it keeps everything in one folder and
serves this machine only, as nobody has to say who he is. With --config-file or --config-dir it is what those files say.`,
		Args: cobra.NoArgs,
	}
	c := newChoices(cmd)
	var host string
	var port uint16
	var peers []string
	cmd.Flags().StringVar(&host, "bind-host", "127.0.0.1", "address to listen on")
	cmd.Flags().Uint16Var(&port, "bind-port", 9292, "port to listen on; 0: any free one")
	cmd.Flags().StringSliceVar(&peers, "trusted-peers", nil, "addresses and networks whose identity headers are believed (default all)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if len(peers) > 0 && !c.trustedAuth {
			return errors.New("--trusted-peers needs --trusted-auth")
		}
		for flag, text := range map[string]string{"bind-host": host, "bind-port": fmt.Sprint(port), "trusted-peers": strings.Join(peers, ",")} {
			if cmd.Flags().Changed(flag) {
				c.line.Set("DEFAULT", option(flag), text)
			}
		}
		h, err := c.host(cmd)
		if err != nil {
			return err
		}
		h.listen = listenConfigured
		if h.embedded {
			h.listen = func(ctx context.Context, s *config.Settings) (sockets, error) {
				given, err := inherited(s.Server)
				if err != nil || len(given.listeners) > 0 {
					return given, err
				}
				return listenTCP(ctx, s.Server, false)
			}
		}
		return h.run(cmd.Context())
	}
	return cmd
}

// choices are the flags that both have.
type choices struct {
	line        *commandLine
	dataDir     string
	prefix      string
	trustedAuth bool
}

func newChoices(cmd *cobra.Command) *choices {
	c := &choices{line: newCommandLine("glance-api")}
	c.line.flags(cmd)
	cmd.Flags().StringVar(&c.dataDir, "data-dir", "", "folder of database, images and journal (default $XDG_DATA_HOME/glance); not with --config-file")
	cmd.Flags().StringVar(&c.prefix, "prefix", "", "path in front of the API, such as /image")
	cmd.Flags().BoolVar(&c.trustedAuth, "trusted-auth", false, "take the caller's identity from the headers that a front end sets")
	return c
}

// host returns what is to run, but for where it listens.
func (c *choices) host(cmd *cobra.Command) (*host, error) {
	if c.trustedAuth {
		c.line.Set("paste_deploy", "flavor", "trusted-auth")
	}
	h := &host{
		program: "glance-api", prefix: c.prefix, embedded: len(c.line.Named) == 0, stderr: os.Stderr,
		load:  func() (*config.Settings, error) { return config.Load(c.line.Sources) },
		greet: func(*config.Settings, net.Addr) {},
	}
	if !h.embedded {
		if c.dataDir != "" {
			return nil, errors.New("--data-dir does not go with --config-file: the files say where things are")
		}
		return h, nil
	}
	dir, err := c.folder()
	if err != nil {
		return nil, err
	}
	c.line.Search = []string{} // what lies about on this machine is for other services
	h.load = func() (*config.Settings, error) {
		s, err := config.Load(c.line.Sources)
		if err != nil {
			return nil, err
		}
		return s, s.Embed(dir)
	}
	h.greet = func(s *config.Settings, addr net.Addr) { c.greet(cmd.OutOrStdout(), dir, s, addr) }
	return h, nil
}

func (c *choices) folder() (dir string, err error) {
	if dir = c.dataDir; dir == "" {
		if dir, err = config.DataDir(); err != nil {
			return "", err
		}
	}
	return filepath.Abs(dir)
}

// greet tells where the service is and what to do first.
func (c *choices) greet(out io.Writer, dir string, s *config.Settings, addr net.Addr) {
	who := "anyone who can reach it is its administrator"
	if s.Paste.Flavor != "" {
		who = "the front end says who is who"
	}
	where, more := describe(addr, c.prefix, s.Server.CertFile != ""), ""
	if tcp, ok := addr.(*net.TCPAddr); ok {
		more = fmt.Sprintf("Try: curl %s/v2/images -d '%s'\n", where, firstImage)
		if !tcp.IP.IsLoopback() {
			more += "WARNING: other machines can reach this address\n"
		}
	}
	fmt.Fprintf(out, "Data is in %s\nServing on %s (%s)\n%s", dir, where, who, more) //nolint:errcheck // a greeting
}

const firstImage = `{"name": "first", "disk_format": "raw", "container_format": "bare"}`
