package api

import (
	"strings"

	"goglance/glance/internal/api/middleware"
)

const (
	mediaHTML   = "text/html"
	mediaJSON   = "application/json"
	mediaBinary = "application/octet-stream"
)

// preferred chooses the form of an error body: HTML, JSON, or "" for plain text. HTML wins a tie, as does "*/*"
// (spec images-api 0.3).
func preferred(accept []string) string { return middleware.Preferred(accept, mediaHTML, mediaJSON) }

// isBinary reports whether a Content-Type is application/octet-stream, with whatever parameters.
func isBinary(contentType string) bool { return isMedia(contentType, mediaBinary) }

// isMedia reports whether a Content-Type is a media type, with whatever parameters.
func isMedia(contentType, media string) bool {
	name, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(name), media)
}
