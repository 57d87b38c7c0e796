package policy

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"

	"goglance/glance/auth"
)

// Source says where an operator's policy is and how to read it.
type Source struct {
	File    string   // the policy file
	Dirs    []string // folders of more files, whose rules replace those of File, each in its turn; one may be missing
	Default string   // name of the default rule; empty: there is none
	Remote  Remote   // answers http: and https: checks; optional
	Log     Logger   // is told at each load what is wrong with the policy; optional
}

// Logger is the part of a logger that is needed here. A logrus.FieldLogger is one.
type Logger interface {
	Warnf(format string, args ...any)
	Errorf(format string, args ...any)
}

// Files is the policy of an operator: files that count as they are at the moment of each check, without a restart
// (spec tasks-import F.2). It is safe for concurrent use.
//
// Every check looks whether a file is another one, or of another size or time, than when it was read, which costs a
// system call for each; only then files are read, by one check while the others wait for it.
//
// What was read adds to the rules that are there: a rule that is deleted from its file stays in force until the
// service starts again. To take a rule back at once, say "!" or whatever should hold instead. After a change anywhere
// the files in folders are applied again, in their order; the policy file only when it has changed itself. Files that
// cannot be read, or make no sense, change nothing at all: the rules before them stay in force, and the log says so
// once.
//
// A file may have 1 MiB, and there may be 1000 of them. Replace a file by renaming another one over it. Whoever
// writes into it where it is may see a check read the half of it.
type Files struct {
	source Source
	state  atomic.Pointer[state]
	mu     sync.Mutex // held by the one who reads
}

// state is what the files have come to. It never changes.
type state struct {
	rules    *Rules
	raw      map[string]any // what rules was compiled from
	main     digest         // of the text of Source.File that is in raw
	warnings []string
	seen     *reading // the last one, of good files or bad ones
}

// Open reads a policy. It is an error if a file cannot be read or makes no sense, and if Source.File is not there:
// a service without policy file has the rules of BuiltIn.
func Open(source Source) (*Files, error) {
	if source.Log == nil {
		source.Log = silence{}
	}
	f := &Files{source: source}
	found := source.read()
	first := &state{seen: found}
	if err := f.apply(first, found); err != nil {
		return nil, err
	}
	first.seen = found.bare()
	f.state.Store(first)
	return f, nil
}

// Enforce decides by the files as they are now.
func (f *Files) Enforce(ctx context.Context, name string, who *auth.Identity, target Target) error {
	return f.now().rules.Enforce(ctx, name, who, target)
}

// Warnings tells what is wrong with the policy as it is now: Rules.Warnings, and files that others may write to. The
// logger has had them already.
func (f *Files) Warnings() []string { return slices.Clone(f.now().warnings) }

// now returns the state of the files, which are read if they have changed.
func (f *Files) now() *state {
	if s := f.state.Load(); s.seen.current() {
		return s
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.state.Load()
	if s.seen.current() {
		return s
	}
	found, next := f.source.read(), *s
	if found.sum() != s.seen.sum() {
		if err := f.apply(&next, found); err != nil {
			f.source.Log.Errorf("the policy has changed, but the rules before stay in force: %v", err)
		}
	}
	next.seen = found.bare()
	f.state.Store(&next)
	return &next
}

// apply adds what was found to the rules of s. An error leaves s as it is.
func (f *Files) apply(s *state, found *reading) error {
	if found.err != nil {
		return found.err
	}
	raw := make(map[string]any)
	maps.Copy(raw, s.raw)
	main := found.files[0].sum
	for i, file := range found.files {
		if i == 0 && s.rules != nil && main == s.main {
			continue // a change in a folder does not bring back what its files have replaced
		}
		rules, err := decode(file.text)
		if err == nil {
			_, err = Compile(rules, "") // here, because it cannot tell the file when they are together
		}
		if err != nil {
			return fmt.Errorf("policy file %s: %w", file.path, err)
		}
		maps.Copy(raw, rules)
	}
	rules, err := CompileRemote(raw, f.source.Default, f.remote())
	if err != nil {
		return err
	}
	warnings := slices.Concat(found.warnings, rules.Warnings())
	for _, warning := range warnings {
		if !slices.Contains(s.warnings, warning) {
			f.source.Log.Warnf("%s", warning)
		}
	}
	s.rules, s.raw, s.main, s.warnings = rules, raw, main, warnings
	return nil
}

// remote returns a Remote that tells the log why nobody gets in.
func (f *Files) remote() Remote {
	ask := f.source.Remote
	if ask == nil {
		return nil
	}
	return func(ctx context.Context, address string, form url.Values) (string, error) {
		answer, err := ask(ctx, address, form)
		if err != nil && ctx.Err() == nil {
			f.source.Log.Errorf("policy: a remote check failed: %v", err)
		}
		return answer, err
	}
}

// silence is a logger that nobody reads.
type silence struct{}

// Warnf does nothing.
func (silence) Warnf(string, ...any) {}

// Errorf does nothing.
func (silence) Errorf(string, ...any) {}
