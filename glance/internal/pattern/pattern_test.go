package pattern

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"goglance/glance/fault"
)

func texts() []string {
	return []string{
		"", "a", "b", "ab", "xy", "xxy", "xxx", "x", "os", "OS", "kos k", "A", "B", "[", "]", ":", "a_b", "a-b", "-", ".",
		"\v", "\b", " ", "\n", "a\nb", "é", "\x00", "&", "c", "ac", "[x]", "7", "a{b}", "aaa", "x_y", "0", "abc\n",
	}
}

// The texts in which Python 3.11 finds an expression, with its flag ASCII.
func TestMeansWhatItMeansInPython(t *testing.T) {
	t.Parallel()
	rows := []struct{ pattern, found string }{
		{`^x_.*`, `34`},
		{`a_*`, `1 3 16 17 24 29 32 33 36`},
		{`^[a-z]+\Z`, `1 2 3 4 5 6 7 8 28 29 33`},
		{`[[:alpha:]]`, ``},
		{`[[a]`, `1 3 13 16 17 24 29 30 32 33 36`},
		{`[]a]`, `1 3 14 16 17 24 29 30 32 33 36`},
		{`[^]a]`, `2 3 4 5 6 7 8 9 10 11 12 13 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 34 35 36`},
		{`x{,2}y`, `4 5 34`},
		{`\u0041`, `11`}, {`\U00000041`, `11`}, {`\x41`, `11`},
		{`[\u0041-\u0043]`, `11 12`},
		{`[\b]`, `21`},
		{`a\_b`, `16`}, {`a\-b`, `17`},
		{`[a\-c]`, `1 3 16 17 18 24 28 29 32 33 36`},
		{`\.`, `19`}, {`\\`, ``}, {`\[x\]`, `30`}, {`\ `, `10 22`}, {`\é`, `25`}, {`\0`, `26`}, {`\060`, `35`},
		{`(?i)os`, `8 9 10`}, {`(?i:o)s`, `8 10`}, {`(?P<n>a)b`, `3 36`}, {`(?:a)b`, `3 36`}, {`(?-i:a)b`, `3 36`},
		{`a{b}`, `32`}, {`x{2}`, `5 6`}, {`x{2,}`, `5 6`}, {`^a{,}\Z`, `0 1 33`},
		{`\bos\b`, `8`},
		{`\s`, `10 20 22 23 24 36`}, {`[\s]`, `10 20 22 23 24 36`},
		{`[&&a]`, `1 3 16 17 24 27 29 32 33 36`},
		{`(?s)a.b`, `16 17 24 32`}, {`a.b`, `16 17 32`}, {`(?m)^b$`, `2 24`},
		{`\w`, `1 2 3 4 5 6 7 8 9 10 11 12 16 17 24 28 29 30 31 32 33 34 35 36`},
		{`\d`, `31 35`},
		{`[\w-]+\Z`, `1 2 3 4 5 6 7 8 9 10 11 12 16 17 18 28 29 31 33 34 35 24`},
		{`^(a|b)c$`, `29`},
	}
	for _, row := range rows {
		re, err := Compile(row.pattern)
		if err != nil {
			t.Errorf("%s: %v", row.pattern, err)
			continue
		}
		for i, text := range texts() {
			if want := strings.Contains(" "+row.found+" ", " "+strconv.Itoa(i)+" "); re.MatchString(text) != want {
				t.Errorf("%s in %q: %v", row.pattern, text, !want)
			}
		}
	}
}

// Everything but what \s finds.
func TestNotSpace(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{`^\S$`, `^[^\s]$`, `^[\S]$`} {
		re, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range "\x00\b\t\n\v\f\r\x0e\x1f !~\u007f\u00a0\u2003\U0001F600" {
			if re.MatchString(string(c)) == strings.ContainsRune("\t\n\v\f\r ", c) {
				t.Errorf("%s and %q", pattern, c)
			}
		}
	}
}

// A line break behind a name does not hide in $ (spec security S68).
func TestEndIsTheEnd(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{`^x$`, `^x\Z`} {
		if re, err := Compile(pattern); err != nil || re.MatchString("x\n") || !re.MatchString("x") {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

// What Go would read as something else, or not at all, is refused, with a reason.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		`(?=a)`, `(?!a)`, `(?<=a)b`, `(?<!a)b`, `(a)\1`, `(?P<x>a)(?P=x)`, `(?#c)a`, `a(?i)b`, `(?x)a b`, `(?u)a`, `(?U)a`, `(?<n>a)`,
		`(?>a)`, `(?(1)a|b)`, `a*+`, `a{2}+`, `\pL`, `[\pL]`, `\z`, `\Q.\E`, `\8`, `\12`, `\x4`, `\x{41}`, `\u12`, `\u00g0`, `[\Z]`, `[\A]`,
		`[\B]`, `[a`, `[`, `[]`, `[^]`, `[\`, `(a`, `a)`, `(?`, `(?P<n`, `*a`, `a**`, `\`, `[b-a]`, `a{3,2}`, `a{1001}`, `(a{40}){40}`, `((`, "\xff", "[\xff]",
		strings.Repeat("a", maxText+1), strings.Repeat("(", maxText), strings.Repeat("abcdef", 100) + "{10}(.{1000}){1,1}(.{1000})(.{1000})(.{1000})(.{1000})",
	} {
		re, err := Compile(pattern)
		if !fault.Is(err, fault.Invalid) || fault.Message(err) == "" {
			t.Errorf("%.30q: %v %v", pattern, re, err)
		}
	}
}

// Neither compiling nor matching ever takes long (spec security S22).
func TestTime(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	for _, pattern := range []string{
		`(x+x+)+y`, `^(a|a)*$`, `(.*)*(.*)*(.*)*z`, `(x{1,30}){1,30}y`, strings.Repeat("x?", 500) + strings.Repeat("x", 500),
	} {
		re, err := Compile(pattern)
		if err != nil {
			t.Errorf("%.30q: %v", pattern, err)
			continue
		}
		re.MatchString(strings.Repeat("x", 1000))
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`^x_.*`, `[[:alpha:]]\Z`, `x{,2}`, `(?i)a|\u0041[\S\b]`, `(?P<n>a)(?!b)`, `[]^-]`, `\é`} {
		f.Add(seed, "x_a")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		re, err := Compile(pattern)
		if err == nil {
			re.MatchString(text)
		} else if !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", pattern, err)
		}
	})
}
