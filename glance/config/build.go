package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/auth/keystone"
	"goglance/glance/config/paste"
	"goglance/glance/egress"
	"goglance/glance/policy"
	"goglance/glance/policy/remote"
	"goglance/glance/protect"
	"goglance/glance/store/all"
)

// Parts is what a daemon runs.
type Parts struct {
	glance.Config // its Prefix is the host's to set

	Pipeline  paste.Pipeline
	PasteFile string   // where the pipeline was read from; empty: the standard ones
	Warnings  []string // for the log, beside those of the settings

	remote *remote.Client // of the policy; may be nil
}

// Close closes what Build has opened. It is called after the service is closed.
func (p *Parts) Close() error {
	if p.remote != nil {
		p.remote.Close()
	}
	var errs []error
	if c, ok := p.Auth.(io.Closer); ok {
		errs = append(errs, c.Close())
	}
	if p.DB != nil {
		errs = append(errs, p.DB.Close())
	}
	return errors.Join(errs...)
}

// Build opens what the settings name: the database, whose tables are made when it is empty, the stores, policy, property
// protections. An error names the option; then nothing is left open.
func Build(ctx context.Context, s *Settings, log logrus.FieldLogger) (*Parts, error) {
	p := &Parts{Config: glance.Config{Options: s.Glance, StateDir: s.Server.StateDir, Log: log}}
	steps := []func(context.Context, *Settings) error{p.filters, p.identity, p.rules, p.protection, p.schema, p.ovf, p.stores, p.staging, p.database}
	for _, step := range steps {
		if err := step(ctx, s); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// filters reads the pipeline. What it does not name has no effect, whatever the options say.
func (p *Parts) filters(_ context.Context, s *Settings) (err error) {
	if p.Pipeline, err = s.Pipeline(); err != nil {
		return err
	}
	if p.Filters, p.Warnings, err = s.filtersOf(p.Pipeline); err != nil {
		return err
	}
	if p.PasteFile, err = s.pastePath(); err != nil {
		return err
	}
	if info, err := os.Stat(p.PasteFile); err == nil && writable(p.PasteFile, info) != "" {
		p.Warnings = append(p.Warnings, writable(p.PasteFile, info))
	}
	return p.switches(s)
}

// switches sets what the filters and applications of the pipeline decide.
func (p *Parts) switches(s *Settings) error {
	_, p.Options.EnableV1 = p.Pipeline.Apps["/v1"]
	_, p.Options.EnableV2 = p.Pipeline.Apps["/v2"]
	p.Options.ProxyHeaders = false
	if f, ok := p.Pipeline.Filter(paste.ProxyHeaders); ok {
		var err error
		if p.Options.ProxyHeaders, err = s.forwarded(f); err != nil {
			return err
		}
	}
	return nil
}

// identity reads who says who the callers are. The headers of front ends are believed from the same peers.
func (p *Parts) identity(_ context.Context, s *Settings) (err error) {
	if p.TrustedPeers, err = auth.ParsePeers(s.Server.TrustedPeers); err != nil {
		return fmt.Errorf("[DEFAULT] trusted_peers: %w", err)
	}
	if p.Auth, err = s.authenticator(p.Pipeline, p.Log); err != nil {
		return err
	}
	if k, ok := p.Auth.(*keystone.Auth); ok {
		p.Warnings = append(p.Warnings, k.Warnings()...)
		p.Entrust = entrust(k)
	}
	if s.Glance.Executor != taskExecutor {
		p.Warnings = append(p.Warnings, "[task] task_executor: "+s.Glance.Executor+" is an old name, write "+taskExecutor)
	}
	return nil
}

// taskExecutor is what the reference calls its way to run tasks.
const taskExecutor = "taskflow"

// entrust makes trusts in Keystone.
func entrust(k *keystone.Auth) func(context.Context, *auth.Identity, time.Duration) (auth.Trust, error) {
	return func(ctx context.Context, who *auth.Identity, lifetime time.Duration) (auth.Trust, error) {
		trust, err := k.Entrust(ctx, who, lifetime)
		if err != nil {
			return nil, err
		}
		return trust, nil
	}
}

// defaultPolicy is the policy file that may be missing (spec tasks-import F.1). One of another name is meant to be there.
const defaultPolicy = "policy.json"

// rules opens the policy: the file, if there is one, else the rules of the reference for that case. Without any
// configuration they are those of the service itself.
func (p *Parts) rules(_ context.Context, s *Settings) error {
	path := s.FindFile(s.Policy.PolicyFile)
	switch {
	case path != "":
	case s.Policy.PolicyFile != "" && s.Policy.PolicyFile != defaultPolicy:
		return fmt.Errorf("[oslo_policy] policy_file: there is no file %s", s.Policy.PolicyFile)
	case len(s.Files) > 0:
		builtIn := policy.BuiltIn()
		p.Policy = builtIn
		p.Warnings = append(p.Warnings, builtIn.Warnings()...)
		return nil
	default:
		return nil
	}
	p.remote = remote.New(nil)
	source := policy.Source{File: path, Default: s.Policy.DefaultRule, Remote: p.remote.Ask, Log: p.Log}
	for _, dir := range s.Policy.PolicyDirs {
		if found := s.FindFile(dir); found != "" {
			dir = found
		} else if !filepath.IsAbs(dir) {
			dir = filepath.Join(filepath.Dir(path), dir) // it may come to be
		}
		source.Dirs = append(source.Dirs, dir)
	}
	rules, err := policy.Open(source)
	if err != nil {
		return fmt.Errorf("[oslo_policy] policy_file: %w", err)
	}
	p.Policy = rules
	return nil
}

func (p *Parts) protection(_ context.Context, s *Settings) error {
	name := s.Protection.ProtectionFile
	if name == "" {
		return nil
	}
	f, err := os.Open(s.FindFile(name))
	if err != nil {
		return fmt.Errorf("[DEFAULT] property_protection_file: there is no file %s, or it cannot be read: %w", name, err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if p.Protect, err = protect.Parse(f, protect.Format(s.Protection.ProtectionFormat)); err != nil {
		return fmt.Errorf("[DEFAULT] property_protection_file: %s: %w", name, err)
	}
	return nil
}

// schema reads schema-image.json, if it is where configuration files are.
func (p *Parts) schema(_ context.Context, s *Settings) (err error) {
	if path := s.FindFile("schema-image.json"); path != "" {
		if p.ImageSchema, err = os.ReadFile(path); err != nil {
			return fmt.Errorf("schema of images: %w", err)
		}
	}
	return nil
}

// ovf reads ovf-metadata.json, if it is where configuration files are (spec tasks-import C.6).
func (p *Parts) ovf(_ context.Context, s *Settings) error {
	path := s.FindFile("ovf-metadata.json")
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("properties of OVAs: %w", err)
	}
	var lists struct {
		Processor []string `json:"cim_pasd"`
	}
	if err := json.Unmarshal(text, &lists); err != nil {
		return fmt.Errorf("properties of OVAs: %s: %w", path, err)
	}
	p.OVF = lists.Processor
	return nil
}

func (p *Parts) stores(_ context.Context, s *Settings) error {
	var err error
	if p.Egress, err = egress.New(s.Egress); err != nil {
		return fmt.Errorf("[import_filtering_opts] %w", err)
	}
	if p.Stores, err = all.New(s.Stores, p.Egress, p.Log); err != nil {
		return fmt.Errorf("%w: %w", ErrStores, err)
	}
	return nil
}

// staging opens the folder of image data that waits for its import.
func (p *Parts) staging(_ context.Context, _ *Settings) (err error) {
	if !p.Options.EnableImport {
		return nil
	}
	if p.Staging, err = all.Staging(p.Options.StagingURI, p.Stores, p.Log); err != nil {
		return fmt.Errorf("%w: %w", ErrStores, err)
	}
	if dir := p.Options.WorkDir; dir != "" && filepath.Clean(dir) == p.Staging.Dir {
		p.Warnings = append(p.Warnings, "[task] work_dir and [DEFAULT] node_staging_uri are the same folder; they should not be")
	}
	return nil
}

// ErrStores is in the errors of Build that come from the options of the stores (the reference has an exit code for them).
var ErrStores = errors.New("the stores cannot be set up")

func (p *Parts) database(ctx context.Context, s *Settings) error {
	d, err := s.OpenDB(ctx, p.Log)
	if err != nil {
		return err
	}
	if err := prepare(ctx, d, s.DB); err != nil {
		return errors.Join(fmt.Errorf("[database] connection: %w", err), d.Close())
	}
	p.DB = d
	return nil
}
