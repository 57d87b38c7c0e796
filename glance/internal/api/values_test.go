package api

import (
	"slices"
	"strings"
	"testing"

	"goglance/glance/fault"
)

// Spec images-api 5.4, in: lists.
func TestSplitValues(t *testing.T) {
	t.Parallel()
	rows := []struct {
		text string
		want []string
	}{
		{``, nil}, {`a`, []string{"a"}}, {`a,b`, []string{"a", "b"}}, {` a , b `, []string{" a ", " b "}}, {`a,,b`, []string{"a", "", "b"}},
		{`,`, []string{""}}, {`a,`, []string{"a"}}, {`,a`, []string{"", "a"}}, {`a,,`, []string{"a", ""}}, {`""`, []string{""}}, {`"",""`, []string{"", ""}},
		{`"a,b"`, []string{"a,b"}}, {`"a,b",c`, []string{"a,b", "c"}}, {`c,"a,b"`, []string{"c", "a,b"}}, {`"a",`, []string{"a"}},
		{`"a\"b"`, []string{`a"b`}}, {`a\"b`, []string{`a"b`}}, {`\"`, []string{`"`}}, {`"\""`, []string{`"`}}, {`"\",\""`, []string{`","`}},
		{`a\b`, []string{`a\b`}}, {`a\`, []string{`a\`}}, {`a\,b`, []string{`a\`, "b"}}, {`"a\b"`, []string{`a\b`}}, {`a:b`, []string{"a:b"}},
		{`in:a`, []string{"in:a"}}, {"\u20ac,%", []string{"\u20ac", "%"}},
	}
	for _, row := range rows {
		if got, err := splitValues(row.text); err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%s: %q %v, want %q", row.text, got, err, row.want)
		}
	}
	for _, text := range []string{`"`, `"a`, `a"`, `a"b`, `a"b"`, `"a"b`, `"a""b"`, `"a"b"c"`, `a,"b`, `a,b"`, `"a\"`, `a "b"`, `"a" ,b`, `"""`, `"a","b`} {
		if got, err := splitValues(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %q %v", text, got, err)
		}
	}
}

// quotable reports whether v can be said in a list: a quote behind a backslash cannot end a value.
func quotable(v string) bool { return !strings.HasSuffix(v, `\`) }

func FuzzValues(f *testing.F) {
	for _, seed := range []string{"", "a,b", `"a,b",c`, `"a\"b"`, `a"b`, `a\`, `\",`, `"\\"`, ",,,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := splitValues(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("error %v", err)
			}
			return
		}
		if len(values) > len(text) {
			t.Errorf("%q becomes %d values", text, len(values))
		}
		var again []string
		for _, v := range values {
			if !quotable(v) {
				return
			}
			again = append(again, `"`+strings.ReplaceAll(v, `"`, `\"`)+`"`)
		}
		if got, err := splitValues(strings.Join(again, ",")); err != nil || !slices.Equal(got, values) {
			t.Errorf("%q, said again, becomes %q (%v)", values, got, err)
		}
	})
}
