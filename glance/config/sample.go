package config

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"goglance/glance/option"
)

// Form is a form of configuration files.
type Form string

// The forms.
const (
	INI  Form = "ini"
	TOML Form = "toml"
)

const sampleHead = `# Every option of the Image service, with its default. Take the # away from an option to set it.
# A $ in a value begins the name of another option, whose value then stands there; a dollar sign is written $$.
`

// Sample writes a file with every option that means something here: its help, its type and limits, and, as a comment,
// its default.
func Sample(w io.Writer, form Form) error {
	if form != INI && form != TOML {
		return fmt.Errorf("there is no sample of the form %q, only %s and %s", form, INI, TOML)
	}
	table, err := Table()
	if err != nil {
		return err
	}
	var groups []string
	byGroup := map[string][]option.Option{}
	for _, o := range table {
		if byGroup[o.Group] == nil {
			groups = append(groups, o.Group)
		}
		byGroup[o.Group] = append(byGroup[o.Group], o)
	}
	slices.Sort(groups)
	text := []string{sampleHead}
	for _, group := range groups {
		text = append(text, "\n["+group+"]\n")
		for _, o := range byGroup[group] {
			text = append(text, "\n"+describe(o)+"#"+o.Name+" = "+sampleValue(o, form)+"\n")
		}
	}
	_, err = io.WriteString(w, strings.ReplaceAll(strings.Join(text, ""), " \n", "\n"))
	return err
}

// describe returns the comments before an option. Only its own line begins with # and no blank.
func describe(o option.Option) string {
	facts := o.Type()
	if o.Min != "" && o.Kind != "port" {
		facts += ", at least " + o.Min
	}
	if o.Max != "" && o.Kind != "port" {
		facts += ", at most " + o.Max
	}
	if len(o.Choices) > 0 {
		facts += ": " + strings.Join(o.Choices, ", ")
	}
	if o.Secret {
		facts += ", secret"
	}
	if g, ok := gaps().of(o.Key()); ok {
		facts += "; no effect: " + g.why
	}
	text := wrap(o.Help) + "# (" + facts + ")\n"
	if o.Removal != "" {
		text += wrap("Better not used: " + o.Removal)
	}
	if len(o.Deprecated) > 0 {
		var names []string
		for _, old := range o.Deprecated {
			names = append(names, old.Group+"/"+old.Name)
		}
		text += "# Deprecated names: " + strings.Join(names, ", ") + "\n"
	}
	return text
}

// width is that of a line of help.
const width = 100

func wrap(help string) string {
	var text strings.Builder
	line := "#"
	for word := range strings.FieldsSeq(help) {
		if len(line)+1+len(word) > width {
			text.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	return text.String() + line + "\n"
}

// sampleValue returns the default, so that the option has the same value when the line is no comment any more.
func sampleValue(o option.Option, form Form) string {
	text := strings.ReplaceAll(o.Default, "$", "$$")
	if form == INI {
		if strings.TrimSpace(text) != text || strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'") {
			return `"` + text + `"`
		}
		return text
	}
	if text == "" {
		return `""` // of any type: not set
	}
	switch v := o.Value.Interface().(type) {
	case []string:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = strconv.Quote(strings.ReplaceAll(item, "$", "$$"))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case bool, int, int64, float64, time.Duration:
		return o.Text()
	default:
		return strconv.Quote(text)
	}
}
