package api

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"goglance/glance/fault"
)

// span is the part of an image's data that an answer carries.
type span struct {
	off, n  int64
	partial bool // asked for as a range, even if it is the whole
}

// contentRange is the value of Content-Range for a part of size bytes.
func (s span) contentRange(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", s.off, s.off+s.n-1, size)
}

// wanted returns what a request asks for of size bytes: by Range, or, as old clients do, by Content-Range
// (spec images-api 7.5).
func wanted(h http.Header, size int64) (span, error) {
	if text := strings.Join(h.Values("Range"), ","); text != "" {
		return parseRange(text, size)
	}
	if text := strings.Join(h.Values("Content-Range"), ","); text != "" {
		return parseContentRange(text, size)
	}
	return span{n: size}, nil
}

var (
	rangeForm        = regexp.MustCompile(`^(?i:bytes)=([0-9]*)-([0-9]*)$`)
	contentRangeForm = regexp.MustCompile(`^bytes ([0-9]+)-([0-9]+)/([0-9]+|\*)$`)
)

// parseRange reads one range of bytes (RFC 9110 section 14.2).
func parseRange(text string, size int64) (span, error) {
	if strings.Contains(text, ",") {
		return span{}, fault.New(fault.Invalid, "only one range can be asked for")
	}
	form := rangeForm.FindStringSubmatch(strings.TrimSpace(text))
	if form == nil || form[1] == "" && form[2] == "" {
		return span{}, badRange()
	}
	if form[1] == "" {
		n := min(position(form[2]), size)
		if n == 0 {
			return span{}, badRange()
		}
		return span{off: size - n, n: n, partial: true}, nil
	}
	first, last := position(form[1]), size-1
	if form[2] != "" {
		last = position(form[2])
	}
	if first > last || first >= size {
		return span{}, badRange()
	}
	return span{off: first, n: min(last, size-1) - first + 1, partial: true}, nil
}

// parseContentRange reads a Content-Range, which in a request is the range asked for.
func parseContentRange(text string, size int64) (span, error) {
	form := contentRangeForm.FindStringSubmatch(strings.TrimSpace(text))
	if form == nil {
		return span{}, badRange()
	}
	first, last := position(form[1]), position(form[2])
	if first > last || last >= size || form[3] != "*" && last >= position(form[3]) {
		return span{}, badRange()
	}
	return span{off: first, n: last - first + 1, partial: true}, nil
}

// position reads digits. What is beyond 63 bits is behind the end of any image.
func position(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return n
}

func badRange() error {
	return fault.New(fault.BadRange, "the range is not within the data of the image")
}
