package operator

import (
	"context"
	"net"
	"os"

	"github.com/spf13/cobra"

	"goglance/glance/config"
)

// apiCommand is the reference's daemon: configured by files, and by nothing that is not there.
func apiCommand() *cobra.Command {
	const program = "glance-api"
	cmd := &cobra.Command{
		Use:   program,
		Short: "Serve the Images API as the files of a Glance say",
		Long: `glance-api serves the Images API. It reads the configuration files named, or else glance-api.conf where Glance looks
for it: ~/.glance, ~, /etc/glance, /etc.

SIGHUP reads the files again, without losing a connection. SIGTERM ends the service; requests under way have 30 seconds.`,
		Args: cobra.NoArgs,
	}
	line := newCommandLine(program)
	line.flags(cmd)
	cmd.Flags().String("pipe-handle", "", "accepted and without effect")
	cmd.Version = reference
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		h := &host{
			program: program, stderr: os.Stderr, listen: listenConfigured,
			load:  func() (*config.Settings, error) { return config.Load(line.Sources) },
			greet: func(*config.Settings, net.Addr) {},
		}
		return h.run(cmd.Context())
	}
	return cmd
}

// listenConfigured listens on the sockets that were handed over, or else where the options say.
func listenConfigured(ctx context.Context, s *config.Settings) (sockets, error) {
	given, err := inherited(s.Server)
	if err != nil || len(given.listeners) > 0 {
		return given, err
	}
	return listenTCP(ctx, s.Server, true)
}
