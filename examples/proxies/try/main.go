// Command try finds the front ends that this machine has, starts each on loopback with the configuration that is
// shipped beside httpd, with the service behind it, sends an image through it in chunks, reads it back, and prints what
// came of it. Run it in a checkout:
//
//	go run ./examples/proxies/try
//
// With --socket it only starts one front end, before an httpd that you have started, until it is interrupted:
//
//	go run ./examples/proxies/try --front "nginx http" --socket /run/glance.sock --address 127.0.0.1:9292
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"

	"goglance/httpd/front"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "try:", err)
		os.Exit(1) //nolint:gocritic // everything has been cleaned up
	}
}

// options are what the command line says.
type options struct {
	shipped, front, socket, address string
}

func run(ctx context.Context, out io.Writer, args []string) error {
	var o options
	flags := flag.NewFlagSet("try", flag.ContinueOnError)
	flags.StringVar(&o.shipped, "shipped", "httpd", "`folder` of httpd and its configurations")
	flags.StringVar(&o.front, "front", "", "only the front ends and protocols whose `name` begins so, such as nginx or \"apache2 http\"")
	flags.StringVar(&o.socket, "socket", "", "`path` of a running httpd: start the first front end before it, and nothing else")
	flags.StringVar(&o.address, "address", "127.0.0.1:9292", "with --socket: `host:port` where clients come")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "glance-try")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	const enter = 0o711
	if err := os.Chmod(dir, enter); err != nil { // Apache's user must get to the socket
		return err
	}
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin"); err != nil {
		return err
	}
	if o.socket != "" {
		return o.serve(ctx, dir)
	}
	return o.try(ctx, out, dir)
}

// kinds returns the front ends that are asked for.
func (o options) kinds() (kinds []front.Kind) {
	for _, k := range front.Kinds() {
		if strings.HasPrefix(k.String(), o.front) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// serve runs a front end until ctx ends.
func (o options) serve(ctx context.Context, dir string) error {
	kinds := o.kinds()
	if len(kinds) == 0 {
		return fmt.Errorf("no front end is called %q", o.front)
	}
	site := front.Site{Kind: kinds[0], Shipped: o.shipped, Dir: dir, Addr: o.address, Socket: o.socket, Images: dir}
	cmd, err := site.Command(ctx)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); ctx.Err() == nil {
		log, _ := os.ReadFile(site.Log()) // it may have none
		return fmt.Errorf("%s has ended: %w\n%s", site.Kind, err, log)
	}
	return nil
}

// try tries all of them, and fails when one that is there does not do what it should.
func (o options) try(ctx context.Context, out io.Writer, dir string) error {
	httpd := filepath.Join(dir, "httpd")
	build := exec.CommandContext(ctx, "go", "build", "-o", httpd, ".")
	build.Dir = o.shipped
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("httpd cannot be built: %w\n%s", err, text)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FRONT END\tPROTOCOL\tCONFIGURATION\tCHUNKED UPLOAD\tREAD BACK") //nolint:errcheck // Flush says it
	var failed []error
	for i, k := range o.kinds() {
		row := result{"not installed", "-"}
		if _, err := exec.LookPath(k.Program); err == nil {
			t := trial{httpd: httpd, site: front.Site{Kind: k, Shipped: o.shipped, Dir: filepath.Join(dir, fmt.Sprint(i))}}
			if row, err = t.run(ctx); err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", k, err))
				row = result{"failed", "-"}
			}
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", k.Program, k.Protocol, k.File, row.upload, row.download) //nolint:errcheck // Flush says it
	}
	return errors.Join(append(failed, table.Flush())...)
}
