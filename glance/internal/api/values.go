package api

import (
	"strings"

	"goglance/glance/fault"
)

// splitValues reads what follows in: in a filter. Each value ends at a comma or at the end of the text, so empty text
// is no value and a comma at the end adds none. A value with a comma in it stands between double quotes; \" is a quote
// in either form (spec images-api 5.4).
func splitValues(text string) ([]string, error) {
	var values []string
	for text != "" {
		quoted := text[0] == '"'
		var end int
		if quoted {
			text = text[1:]
			end = quote(text)
		} else if end = strings.IndexByte(text, ','); end < 0 {
			end = len(text)
		}
		if end < 0 || !quoted && quote(text[:end]) >= 0 {
			return nil, badQuotes()
		}
		values = append(values, strings.ReplaceAll(text[:end], `\"`, `"`))
		if quoted {
			end++ // the quote
		}
		if text = text[end:]; text != "" && text[0] != ',' {
			return nil, badQuotes()
		}
		text = strings.TrimPrefix(text, ",")
	}
	return values, nil
}

// quote returns where the first quote without a backslash is, -1 when there is none.
func quote(text string) int {
	for i := range len(text) {
		if text[i] == '"' && (i == 0 || text[i-1] != '\\') {
			return i
		}
	}
	return -1
}

func badQuotes() error {
	return fault.New(fault.Invalid, "in a list of values, quotes must be around a whole value and come in pairs")
}
