package api

import (
	"fmt"
	"html"
	"net/http"
	"strings"

	"github.com/sirupsen/logrus"

	"goglance/glance/fault"
	"goglance/glance/internal/api/middleware"
)

// status is the one table from kinds of errors to status codes.
func status(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Timeout:
		return http.StatusRequestTimeout
	case fault.Conflict:
		return http.StatusConflict
	case fault.Gone:
		return http.StatusGone
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.MediaType:
		return http.StatusUnsupportedMediaType
	case fault.BadRange:
		return http.StatusRequestedRangeNotSatisfiable
	case fault.HeaderTooLarge:
		return http.StatusRequestHeaderFieldsTooLarge
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// explanation is what a client is told when the error has nothing to say to him.
func explanation(code int) string {
	switch code {
	case http.StatusUnauthorized:
		return "This request needs an identity."
	case http.StatusForbidden:
		return "Access was refused."
	case http.StatusNotFound:
		return "The resource could not be found."
	case http.StatusServiceUnavailable:
		return "The service cannot answer now. Please try again later."
	case http.StatusInternalServerError:
		return "The server failed. Its log has the reason, under the id of this request."
	}
	return http.StatusText(code) + "."
}

// maxMessage is how many bytes of a message are told: it may name what the client sent, which may be long.
const maxMessage = 1000

// fail answers with an error. Once the header is out all that is left is to cut the connection, so that nobody takes
// what was sent for the whole.
func fail(log logrus.FieldLogger) middleware.Fail {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		info := middleware.From(r.Context())
		code := status(fault.KindOf(err))
		entry := log.WithError(err).WithField("request", info.ID).WithContext(r.Context())
		if code >= http.StatusInternalServerError && r.Context().Err() == nil { // else the client has gone
			entry.Error("a request failed")
		} else {
			entry.Debug("a request was refused")
		}
		if info.Status != 0 {
			panic(http.ErrAbortHandler)
		}
		message := fault.Message(err)
		if message == "" {
			message = explanation(code)
		}
		if len(message) > maxMessage {
			message = strings.ToValidUTF8(message[:maxMessage], "") + "..."
		}
		refuse(w, r, code, message)
	}
}

// refuse sends an error body in the form that the Accept header asks for (spec images-api 0.3), and sees to it that
// it arrives although the client may still be sending.
func refuse(w http.ResponseWriter, r *http.Request, code int, message string) {
	pending := middleware.BeforeRefusal(w, r)
	kind, text := errorBody(r.Header.Values("Accept"), code, message)
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodHead {
		text = ""
	}
	h.Set("Content-Length", fmt.Sprint(len(text)))
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text)) // on an error the client has gone
	if pending {
		middleware.Drain(w, r)
	}
}

func errorBody(accept []string, code int, message string) (kind, text string) {
	title := http.StatusText(code)
	line := fmt.Sprintf("%d %s", code, title)
	blank := 3
	if code == http.StatusMethodNotAllowed || code == http.StatusNotImplemented {
		blank = 1 // as the reference has it
	}
	tail := "<br /><br />" + strings.Repeat("\n", blank)
	switch preferred(accept) {
	case mediaHTML:
		page := "<html>\n <head>\n  <title>%[1]s</title>\n </head>\n <body>\n  <h1>%[1]s</h1>\n  %[2]s%[3]s\n </body>\n</html>"
		return mediaHTML + "; charset=UTF-8", fmt.Sprintf(page, line, escapeHTML(message), tail)
	case mediaJSON:
		var o object
		o.string("message", message+tail)
		o.string("code", line)
		o.string("title", title)
		return mediaJSON, string(o.end())
	}
	return "text/plain; charset=UTF-8", line + "\n\n" + message + "\n\n" + strings.Repeat(" ", blank)
}

// escapeHTML spells the quotes as the reference does.
func escapeHTML(s string) string {
	return strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;").Replace(html.EscapeString(s))
}
