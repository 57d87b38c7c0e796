package paste

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxSize is the most bytes that a file may have.
const MaxSize = 1 << 20

// File is what a paste file says.
type File struct {
	path     string
	sections []*section
	defaults *section // [DEFAULT], with here and __file__
}

// section is one section: its keys in their order, with values that are not interpolated yet.
type section struct {
	kind, name string // of [kind:name]; kinds with two spellings have the usual one
	keys       []string
	values     map[string]string
}

func newSection(header string) *section {
	kind, name, _ := strings.Cut(header, ":")
	kind = strings.TrimSpace(kind)
	if kind == "application" {
		kind = "app"
	}
	if kind+"e" == "composite" {
		kind = "composite"
	}
	return &section{kind: kind, name: strings.TrimSpace(name), values: map[string]string{}}
}

// String returns the header of the section.
func (s *section) String() string {
	if s.name == "" {
		return "[" + s.kind + "]"
	}
	return "[" + s.kind + ":" + s.name + "]"
}

// defaultName is the section whose keys all others have.
const defaultName = "DEFAULT"

// Parse reads a file. path is its absolute path, which the file may refer to and which errors begin with.
func Parse(r io.Reader, path string) (*File, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > MaxSize:
		return nil, fmt.Errorf("%s: longer than %d bytes", path, MaxSize)
	case !utf8.Valid(text):
		return nil, fmt.Errorf("%s: not UTF-8", path)
	}
	p := parser{file: &File{path: path, defaults: newSection(defaultName)}, seen: map[string]bool{}}
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(text), "\ufeff"))
	for number, line := range strings.Split(lines, "\n") {
		if err := p.read(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number+1, err)
		}
	}
	p.flush()
	p.file.defaults.set("here", strings.ReplaceAll(filepath.Dir(path), "%", "%%"))
	p.file.defaults.set("__file__", strings.ReplaceAll(path, "%", "%%"))
	return p.file, nil
}

type parser struct {
	file   *File
	seen   map[string]bool // sections
	at     *section
	key    string // whose value may go on; empty: none
	indent int    // of the key
	parts  []string
}

func (s *section) set(key, value string) {
	if _, taken := s.values[key]; !taken {
		s.keys = append(s.keys, key)
	}
	s.values[key] = value
}

// flush ends the value of the last key.
func (p *parser) flush() {
	if p.key != "" {
		p.at.values[p.key] = strings.TrimSpace(strings.Join(p.parts, "\n"))
		p.key, p.parts = "", nil
	}
}

func (p *parser) read(line string) error {
	text := strings.TrimSpace(line)
	if text == "" {
		p.parts = append(p.parts, "")
		return nil
	}
	if text[0] == '#' || text[0] == ';' {
		return nil
	}
	indent := len(line) - len(strings.TrimLeftFunc(line, unicode.IsSpace))
	if p.key != "" && indent > p.indent {
		p.parts = append(p.parts, text)
		return nil
	}
	p.flush()
	p.indent = indent
	if text[0] == '[' {
		return p.begin(text)
	}
	return p.assign(text)
}

func (p *parser) begin(line string) error {
	header, _, ends := strings.Cut(line[1:], "]")
	s := newSection(header)
	switch {
	case !ends || s.kind == "":
		return errors.New("begins a section and has no [name]")
	case p.seen[s.String()]:
		return fmt.Errorf("the section %s is there twice", s)
	case header == defaultName:
		p.at = p.file.defaults
	default:
		p.at = s
		p.file.sections = append(p.file.sections, s)
	}
	p.seen[s.String()] = true
	return nil
}

func (p *parser) assign(line string) error {
	split := strings.IndexAny(line, "=:")
	if split < 0 {
		return errors.New("neither a section nor key = value")
	}
	key := strings.TrimSpace(line[:split])
	if key == "" {
		return errors.New("a value has no key")
	}
	if p.at == nil {
		return fmt.Errorf("%s stands before the first section", key)
	}
	if _, taken := p.at.values[key]; taken {
		return fmt.Errorf("%s has %s twice", p.at, key)
	}
	p.at.set(key, "")
	p.key, p.parts = key, []string{line[split+1:]}
	return nil
}
