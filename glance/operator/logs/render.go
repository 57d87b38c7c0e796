package logs

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
)

// line returns an entry as oslo.log writes it, without the end of line; with a stack it is several lines.
func (r record) line() string {
	f := r.o.plain
	if _, ok := r.Data[Request]; ok {
		f = r.o.context
	}
	text := f.fill(r.value)
	if r.Caller != nil && len(r.o.debug) > 0 && r.isDebug() {
		text += " " + r.o.debug.fill(r.value)
	}
	for trace := range strings.Lines(r.text(stack, "")) {
		text += "\n" + r.o.exception.fill(r.value) + escape(strings.TrimRight(trace, "\n"))
	}
	return text
}

func (r record) isDebug() bool {
	name, _ := pythonLevel(r.Level)
	return name == "DEBUG"
}

// json returns an entry as a JSON object with the names of oslo.log's.
func (r record) json() string {
	name, number := pythonLevel(r.Level)
	o := map[string]any{
		"message": r.Message, "asctime": r.value("asctime"), "msecs": r.value("msecs"), "created": r.value("created"),
		"name": r.logger(), "levelname": name, "levelno": number, "process": r.value("process"),
		"process_name": r.o.program, "hostname": r.o.host,
	}
	if err, ok := r.Data["error"]; ok {
		o["error_summary"] = fmt.Sprint(err)
	}
	if r.Caller != nil {
		o["funcname"], o["pathname"], o["lineno"] = r.code("funcName"), r.code("pathname"), r.code("lineno")
	}
	if trace := r.text(stack, ""); trace != "" {
		o["traceback"] = strings.Split(strings.TrimRight(trace, "\n"), "\n")
	}
	if id := r.text(Request, ""); id != "" {
		who := r.who()
		o["context"] = map[string]any{
			"request_id": id, "user": who.UserID, "project": who.ProjectID, "user_domain": who.UserDomainID,
			"project_domain": who.ProjectDomainID, "roles": who.Roles,
		}
	}
	if extra := r.extra(); len(extra) > 0 {
		o["extra"] = extra
	}
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Sprintf(`{"message": %q}`, err) // nothing that is put in above does that
	}
	return escapeJSON(string(text))
}

// escapeJSON escapes what encoding/json leaves and a terminal would obey.
func escapeJSON(text string) string {
	if strings.IndexFunc(text, unsafe) < 0 {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if !unsafe(r) {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String()
}

func (r record) extra() map[string]any {
	extra := map[string]any{}
	for _, name := range r.others() {
		extra[name] = fmt.Sprint(r.Data[name])
	}
	for _, value := range r.Data {
		if details, ok := value.(Details); ok {
			for name, v := range details {
				extra[name] = v
			}
		}
	}
	return extra
}
