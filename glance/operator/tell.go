package operator

import (
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"goglance/glance/auth"
	"goglance/glance/auth/trusted"
	"goglance/glance/operator/logs"
)

// clock returns the time in the form of an access log.
func clock() string { return time.Now().Format("02/Jan/2006 15:04:05") }

// configLog is the logger of lines about the configuration.
const configLog = "glance.common.config"

// tell writes to the log what was read: warnings, and at debug every option, without the values of secret ones (spec
// operations 11). An error is one of the paste file.
func (g *generation) tell() error {
	log := g.log.WithField(logs.Logger, configLog)
	pipeline, err := g.settings.Pipeline()
	for _, text := range g.settings.Warnings {
		log.Warn(text)
	}
	if err != nil {
		return err
	}
	file, err := g.settings.PasteFile()
	if err != nil {
		return err
	}
	if file == "" {
		file = "the pipelines of the reference"
	}
	log.Debugf("Loading %s from %s", pipeline.Name, file)
	for _, path := range g.settings.Files {
		log.Debugf("configuration file %s", path)
	}
	for _, line := range g.settings.Dump() {
		log.Debug(line)
	}
	for _, name := range g.settings.Unknown {
		log.Debugf("%s is no option here and is ignored", name)
	}
	return nil
}

// warn writes to the log what an operator should know of a service on addr.
func (g *generation) warn(addr net.Addr) {
	log := g.log.WithField(logs.Logger, configLog)
	for _, text := range g.parts.Warnings {
		log.Warn(text)
	}
	for _, text := range slices.Concat(g.exposed(addr), g.writable()) {
		log.Warn(text)
	}
}

// exposed says who may come as anybody (spec security S04).
func (g *generation) exposed(addr net.Addr) []string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || tcp.IP.IsLoopback() {
		return nil
	}
	switch who := g.parts.Auth.(type) {
	case auth.Unauthenticated:
		return []string{"no filter of the pipeline asks who a caller is: everyone who reaches " + addr.String() + " is the administrator"}
	case trusted.Headers:
		if len(who.Peers) == 0 {
			return []string{"identity headers are believed of everyone who reaches " + addr.String() +
				": listen on the loopback only, or name the front end in [DEFAULT] trusted_peers"}
		}
	}
	return nil
}

// writable names the files beside the configuration that others can change (spec security S112).
func (g *generation) writable() (warnings []string) {
	const others = 0o002
	s := g.settings
	names := append([]string{s.Policy.PolicyFile, s.Protection.ProtectionFile, s.Server.KeyFile, s.Server.CertFile, s.Server.CAFile}, s.Policy.PolicyDirs...)
	for _, name := range names {
		if name == "" {
			continue
		}
		path := s.FindFile(name)
		info, err := os.Stat(path)
		if err != nil {
			continue // it may be missing, or who needs it has said so
		}
		if info.Mode()&others != 0 {
			warnings = append(warnings, path+" can be changed by everyone on this machine")
		}
		if name == s.Server.KeyFile && info.Mode()&0o004 != 0 {
			warnings = append(warnings, fmt.Sprintf("the key in %s can be read by everyone on this machine", path))
		}
	}
	return warnings
}
