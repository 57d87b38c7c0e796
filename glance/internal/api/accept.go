package api

import (
	"strconv"
	"strings"
)

const (
	mediaHTML   = "text/html"
	mediaJSON   = "application/json"
	mediaBinary = "application/octet-stream"
)

// preferred chooses the form of an error body: HTML, JSON, or "" for plain text. HTML wins a tie, as does "*/*"
// (spec images-api 0.3). It reads every byte once, whatever is in them (spec security P64).
func preferred(accept []string) string {
	html, json := rating{}, rating{}
	for _, header := range accept {
		for element := range strings.SplitSeq(header, ",") {
			media, params, _ := strings.Cut(element, ";")
			media, q := strings.ToLower(strings.TrimSpace(media)), quality(params)
			html.consider(media, mediaHTML, q)
			json.consider(media, mediaJSON, q)
		}
	}
	switch {
	case html.q > 0 && html.q >= json.q:
		return mediaHTML
	case json.q > 0:
		return mediaJSON
	}
	return ""
}

// rating is how much a client wants a media type: the quality of the most specific range that covers it
// (RFC 9110 section 12.5.1).
type rating struct {
	q         float64
	precision int
}

func (r *rating) consider(media, offer string, q float64) {
	kind, _, _ := strings.Cut(offer, "/")
	precision := 0
	switch media {
	case offer:
		precision = 3
	case kind + "/*":
		precision = 2
	case "*/*", "*":
		precision = 1
	}
	if precision > r.precision {
		r.q, r.precision = q, precision
	}
}

// quality reads the q parameter; 1 when there is none, 0 when it is nonsense.
func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}

// isBinary reports whether a Content-Type is application/octet-stream, with whatever parameters.
func isBinary(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), mediaBinary)
}
