package logs

import (
	"strconv"
	"strings"
	"time"
)

// strftime formats a time as C does, for the letters that a log has use for. Others stay as they are.
func strftime(format string, t time.Time) string {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		out.WriteString(conversion(format[i], t))
	}
	return out.String()
}

func conversion(letter byte, t time.Time) string {
	switch letter {
	case '%':
		return "%"
	case 's':
		return strconv.FormatInt(t.Unix(), 10)
	case 'w':
		return strconv.Itoa(int(t.Weekday()))
	}
	layout := layoutOf(letter)
	if letter == 'f' {
		return t.Format(".000000")[1:]
	}
	if layout == "" {
		return "%" + string(letter)
	}
	return t.Format(layout)
}

// layoutOf returns the layout of Go's for a letter; "": there is none. It is asked several times for every line of the
// log, for which a map would have to be made each time.
func layoutOf(letter byte) string {
	layouts := [...]struct {
		letter byte
		layout string
	}{
		{'Y', "2006"}, {'m', "01"}, {'d', "02"}, {'H', "15"}, {'M', "04"}, {'S', "05"}, // the default's
		{'a', "Mon"}, {'A', "Monday"}, {'b', "Jan"}, {'B', "January"}, {'c', "Mon Jan _2 15:04:05 2006"}, {'D', "01/02/06"},
		{'e', "_2"}, {'F', "2006-01-02"}, {'h', "Jan"}, {'I', "03"}, {'j', "002"}, {'p', "PM"}, {'T', "15:04:05"},
		{'x', "01/02/06"}, {'X', "15:04:05"}, {'y', "06"}, {'z', "-0700"}, {'Z', "MST"},
	}
	for i := range layouts {
		if layouts[i].letter == letter {
			return layouts[i].layout
		}
	}
	return ""
}
