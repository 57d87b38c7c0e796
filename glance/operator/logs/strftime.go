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
	layout, ok := map[byte]string{
		'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02",
		'D': "01/02/06", 'e': "_2", 'F': "2006-01-02", 'H': "15", 'h': "Jan", 'I': "03", 'j': "002", 'm': "01",
		'M': "04", 'p': "PM", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06", 'Y': "2006",
		'z': "-0700", 'Z': "MST",
	}[letter]
	if letter == 'f' {
		return t.Format(".000000")[1:]
	}
	if !ok {
		return "%" + string(letter)
	}
	return t.Format(layout)
}
