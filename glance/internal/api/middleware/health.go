package middleware

import (
	"encoding/json"
	"fmt"
	"html"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"goglance/glance/settings"
)

// finding is what one look at the service has found.
type finding struct {
	Class   string `json:"class"`
	Details string `json:"details"`
	Reason  string `json:"reason"`
	healthy bool
}

// look is one thing that a health check looks at.
type look func(*http.Request) finding

// Health answers requests for its path, and no other, with whether load balancers should send requests here: 200 or 503
// (spec operations 2.1). The error is for options that make no sense.
func Health(o settings.Healthcheck) (Middleware, error) {
	looks, err := looks(o)
	if err != nil {
		return nil, err
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != o.Path {
				next.ServeHTTP(w, r)
				return
			}
			From(r.Context()).Route = "healthcheck"
			code, found := http.StatusOK, []finding{}
			for _, look := range looks {
				f := look(r)
				if !f.healthy {
					code = http.StatusServiceUnavailable
				}
				found = append(found, f)
			}
			answerHealth(w, r, code, report{found, o.Detailed})
		})
	}, nil
}

// answerHealth sends a report. HEAD asks for the status alone, and has one of its own for the good news.
func answerHealth(w http.ResponseWriter, r *http.Request, code int, said report) {
	if r.Method == http.MethodHead && code == http.StatusOK {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	kind, text := "text/plain; charset=UTF-8", said.text
	switch Preferred(r.Header.Values("Accept"), "text/plain", "text/html", "application/json") {
	case "text/html":
		kind, text = "text/html; charset=UTF-8", said.html
	case "application/json":
		kind, text = "application/json", said.json
	}
	body := ""
	if r.Method != http.MethodHead {
		body = text()
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write([]byte(body)) // on an error the client has gone
}

func looks(o settings.Healthcheck) ([]look, error) {
	var all []look
	for _, name := range o.Backends {
		switch name {
		case settings.DisableByFile:
			all = append(all, func(*http.Request) finding { return disabledBy(o.Disable) })
		case settings.DisableByFilesPorts:
			paths, err := pathsOfPorts(o.Disables)
			if err != nil {
				return nil, err
			}
			all = append(all, func(r *http.Request) finding { return disabledBy(paths[localPort(r)]) })
		default:
			return nil, fmt.Errorf("health check: there is no backend %q", name)
		}
	}
	return all, nil
}

// disabledBy looks whether a file is there. One that cannot be looked for is not.
func disabledBy(path string) finding {
	f := finding{Class: "HealthcheckResult", Reason: "OK", healthy: true}
	if path == "" {
		f.Details = "there is no file to look for"
		return f
	}
	f.Details = path + " is not there"
	if _, err := os.Stat(path); err == nil {
		f.Details, f.Reason, f.healthy = path+" is there", "DISABLED BY FILE", false
	}
	return f
}

// pathsOfPorts reads a list of port:path.
func pathsOfPorts(list []string) (map[int]string, error) {
	paths := map[int]string{}
	for _, item := range list {
		number, path, _ := strings.Cut(item, ":")
		port, err := strconv.ParseUint(strings.TrimSpace(number), 10, 16)
		if path = strings.TrimSpace(path); err != nil || path == "" {
			return nil, fmt.Errorf("health check: %q is not port:path", item)
		}
		paths[int(port)] = path
	}
	return paths, nil
}

// localPort returns the port that a request has come in by; 0 on a unix socket.
func localPort(r *http.Request) int {
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return addr.Port
	}
	return 0
}

// report is what a health check says.
type report struct {
	found    []finding
	detailed bool
}

// text is the reasons alone, details or not: that is what load balancers compare, and what the reference sends.
func (s report) text() string {
	var lines []string
	for _, f := range s.found {
		lines = append(lines, f.Reason)
	}
	return strings.Join(lines, "\n")
}

// json has the keys of the reference. What it tells of Python there, it tells of Go; the stacks of its threads are for
// nobody outside (spec security S57).
func (s report) json() string {
	doc := map[string]any{"detailed": s.detailed, "reasons": s.found}
	if s.detailed {
		var gc debug.GCStats
		debug.ReadGCStats(&gc)
		doc["gc"] = map[string]any{"counts": []int64{gc.NumGC}, "threshold": []int64{}}
		doc["now"], doc["platform"], doc["python_version"] = now(), platform(), runtime.Version()
		doc["threads"], doc["greenthreads"] = []string{}, []string{}
	} else {
		reasons := []string{}
		for _, f := range s.found {
			reasons = append(reasons, f.Reason)
		}
		doc["reasons"] = reasons
	}
	text, err := json.MarshalIndent(doc, "", "    ")
	if err != nil {
		return "{}" // strings and numbers always have a form
	}
	return string(text)
}

func (s report) html() string {
	var page strings.Builder
	page.WriteString("<html>\n <head>\n  <title>Health check</title>\n </head>\n <body>\n")
	if s.detailed {
		fmt.Fprintf(&page, "  <p>%s, %s, %s</p>\n", now(), html.EscapeString(platform()), html.EscapeString(runtime.Version()))
	}
	page.WriteString("  <ul>\n")
	for _, f := range s.found {
		line := f.Reason
		if s.detailed {
			line += ": " + f.Details
		}
		page.WriteString("   <li>" + html.EscapeString(line) + "</li>\n")
	}
	page.WriteString("  </ul>\n </body>\n</html>")
	return page.String()
}

func now() string { return time.Now().UTC().Format("2006-01-02 15:04:05.000000") }

func platform() string { return runtime.GOOS + "-" + runtime.GOARCH }
