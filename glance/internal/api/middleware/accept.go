package middleware

import (
	"strconv"
	"strings"
)

// Preferred returns the one of the offered media types that Accept headers want most, the first of those that they want
// equally, and "" when they want none (RFC 9110 section 12.5.1). It reads every byte once for each offer, whatever is in
// them (spec security P64).
func Preferred(accept []string, offers ...string) string {
	best, most := "", 0.0
	for _, offer := range offers {
		if q := wanted(accept, offer); q > most {
			best, most = offer, q
		}
	}
	return best
}

// wanted returns how much a media type is wanted: the quality of the most specific range that covers it.
func wanted(accept []string, offer string) float64 {
	kind, _, _ := strings.Cut(offer, "/")
	q, precision := 0.0, 0
	for _, header := range accept {
		for element := range strings.SplitSeq(header, ",") {
			media, params, _ := strings.Cut(element, ";")
			covers := 0
			switch strings.ToLower(strings.TrimSpace(media)) {
			case offer:
				covers = 3
			case kind + "/*":
				covers = 2
			case "*/*", "*":
				covers = 1
			}
			if covers > precision {
				q, precision = quality(params), covers
			}
		}
	}
	return q
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
