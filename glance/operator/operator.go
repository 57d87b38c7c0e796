// Package operator is the commands of the service. The mains in server and httpd call it and nothing else.
package operator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"goglance/glance/config"
)

// tool is a command that an operator knows by a name of its own. The program is the tool when it is called under that
// name; it is also a subcommand of server.
type tool struct {
	name    string // glance-api
	as      string // the subcommand: api
	command func() *cobra.Command
}

// tools is the list. A tool that comes to it needs nothing else.
func tools() []tool {
	return []tool{
		{"glance-api", "api", apiCommand},
		{"glance-control", "control", controlCommand},
		{"glance-manage", "manage", manageCommand},
	}
}

// Server runs the program server with the command line of the process, or the tool under whose name it was called, and
// returns the exit code: 0 after a clean end, 2 for a command line that makes no sense, 3 for stores that cannot be set
// up (spec operations 6.1), 1 for any other failure.
func Server() int {
	name := filepath.Base(os.Args[0])
	for _, t := range tools() {
		if t.name == name {
			return execute(t.command())
		}
	}
	cmd := serverCommand()
	for _, t := range tools() {
		sub := t.command()
		sub.Use = t.as + sub.Use[len(t.name):]
		sub.Long += "\nCalled under the name " + t.name + " this program is this command."
		cmd.AddCommand(sub)
	}
	cmd.AddCommand(configCommand())
	return execute(cmd)
}

// HTTPD runs the service for a front end, with the command line of the process, and returns its exit code, as Server
// does. Called as glance-wsgi-api it is configured as the reference's script of that name.
func HTTPD() int {
	if filepath.Base(os.Args[0]) == wsgiName {
		return execute(wsgiCommand())
	}
	return execute(httpdCommand())
}

// umask keeps what the service makes from others (spec operations 6.1).
const umask = 0o027

// exitCode is an error that is only a code: what there was to say has been said.
type exitCode int

// Error names the code.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

const (
	exitFailure = 1
	exitUsage   = 2
	exitStores  = 3
)

func execute(cmd *cobra.Command) int {
	syscall.Umask(umask)
	collectLess()
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	usage := false
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		usage = true
		return err
	})
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := cmd.ExecuteContext(ctx)
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(os.Stderr, "ERROR: %v\n", err)
	switch {
	case usage || errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, config.ErrStores):
		return exitStores
	}
	return exitFailure
}
