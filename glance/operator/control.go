package operator

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"goglance/glance/config"
	"goglance/glance/operator/control"
)

// controlCommand starts and stops the services of a machine.
func controlCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "glance-control [flags] SERVER COMMAND [CONFPATH]",
		Short: "Start, stop and reload the services of this machine",
		Long: `glance-control starts the services of Glance and keeps the number of each process in a file.

SERVER is api, or all. COMMAND is one of
  start                 start the service, with the configuration file CONFPATH if it is given
  status                say whether it is running
  stop, shutdown        end it; requests under way have 30 seconds to finish
  restart               stop, then start
  reload, force-reload  have it read its configuration again`,
		Args: cobra.RangeArgs(2, 3),
	}
	o := control.Options{Out: os.Stdout, Err: os.Stderr}
	line := newCommandLine("glance-control")
	f := cmd.Flags()
	f.Var(place{&line.Sources, false}, "config-file", "configuration `file` of the service; may be given several times")
	f.Var(place{&line.Sources, true}, "config-dir", "`folder` of configuration files of the service")
	cmd.Version = version()
	cmd.SetVersionTemplate("{{.Version}}\n")
	f.StringVar(&o.PIDFile, "pid-file", "", "`file` with the number of the process (default /var/run/glance/glance-SERVER.pid)")
	await := f.Int("await-child", 0, "`seconds` to wait for the service to end, to report how")
	f.BoolVar(&o.Capture, "capture-output", false, "send what the service prints to syslog")
	f.Bool("nocapture-output", false, "the opposite of --capture-output")
	f.BoolVar(&o.Respawn, "respawn", false, "stay, and start the service again when it dies")
	f.Bool("norespawn", false, "the opposite of --respawn")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.Server, o.Command = args[0], args[1]
		if len(args) > 2 {
			line.Named = append(line.Named, config.Place{Path: args[2]})
		}
		for _, p := range line.Named {
			flag := "--config-file"
			if p.Dir {
				flag = "--config-dir"
			}
			o.Args = append(o.Args, flag, p.Path)
		}
		o.Await = time.Duration(*await) * time.Second
		if code := control.Run(cmd.Context(), o); code != 0 {
			return exitCode(code)
		}
		return nil
	}
	return cmd
}
