package policy

import (
	"math/big"
	"strconv"
	"strings"
)

// literal returns the text form of a constant as Python writes it, since that is what an attribute is compared with
// in policies that exist. It is false if text is no constant.
func literal(text string) (string, bool) {
	switch {
	case text == "True" || text == "False" || text == "None":
		return text, true
	case isQuoted(text):
		inner := text[1 : len(text)-1]
		return inner, !strings.ContainsAny(inner, text[:1]+`\`) // escapes are not worth their trouble
	case text == "" || strings.Trim(text, "0123456789+-.eE") != "":
		return "", false
	case strings.ContainsAny(text, ".eE"):
		return float(text)
	default:
		return integer(text)
	}
}

// integer returns a decimal number of any size without plus sign. A leading zero is no number in Python.
func integer(text string) (string, bool) {
	digits := strings.TrimLeft(text, "+-")
	if len(digits) > 1 && digits[0] == '0' || len(digits) > 100 {
		return "", false
	}
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return "", false
	}
	return n.String(), true
}

// float returns the shortest form that reads back as the same number, with a fraction or an exponent.
func float(text string) (string, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "", false
	}
	scientific := strconv.FormatFloat(f, 'e', -1, 64)
	_, after, _ := strings.Cut(scientific, "e")
	if exponent, err := strconv.Atoi(after); err != nil || exponent < -4 || exponent >= 16 {
		return scientific, err == nil
	}
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	return plain, true
}
