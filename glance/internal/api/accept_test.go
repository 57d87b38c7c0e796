package api

import (
	"strings"
	"testing"
)

func TestPreferred(t *testing.T) {
	t.Parallel()
	rows := []struct{ accept, want string }{
		{"", ""}, {"text/html", mediaHTML}, {"application/json", mediaJSON}, {"*/*", mediaHTML}, {"*", mediaHTML},
		{"text/plain", ""},
		{"text/*", mediaHTML}, {"application/*", mediaJSON}, {" Text/HTML ; Q=0.5 ", mediaHTML},
		{"text/html,application/json", mediaHTML},
		{"text/html;q=0.1,application/json;q=0.2", mediaJSON}, {"text/html;q=0.2,application/json;q=0.2", mediaHTML},
		{"text/html;q=0,application/json;q=0", ""}, {"text/html;q=0,*/*;q=0.1", mediaJSON},
		{"application/json;q=0,*/*", mediaHTML},
		{"*/*,text/html;q=0.5", mediaJSON}, {"*/*;q=0.5,text/html;q=0.1", mediaJSON},
		{"text/*;q=0.3,text/html;q=0.7,application/json;q=0.5", mediaHTML},
		{"text/html;level=1;q=0.5", mediaHTML}, {"application/json;charset=utf-8", mediaJSON}, {"text/html;q=2", ""},
		{"text/html;q=-1", ""}, {"text/html;q=x", ""},
		{"text/html;q=NaN", ""}, {"text/html;q=", ""}, {"application/json;q=1e-1", mediaJSON},
		{"text/html;q=0.0000001", mediaHTML},
		{",,,", ""}, {";;;", ""}, {"text", ""}, {"text/", ""}, {"/html", ""}, {"text/htmlx", ""}, {"text/html/x", ""},
	}
	for _, row := range rows {
		if got := preferred([]string{row.accept}); got != row.want {
			t.Errorf("%q: %q, want %q", row.accept, got, row.want)
		}
	}
	if got := preferred([]string{"text/html;q=0.1", "application/json"}); got != mediaJSON {
		t.Errorf("two headers: %q", got)
	}
}

func TestIsBinary(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{
		mediaBinary: true, " " + mediaBinary + " ; a=b": true, strings.ToUpper(mediaBinary): true, mediaBinary + ";": true, mediaBinary + `;a="`: true,
		"": false, "text/plain": false, mediaBinary + ",text/plain": false, mediaBinary + "s": false,
		";" + mediaBinary: false, "application": false,
	} {
		if isBinary(kind) != want {
			t.Errorf("%q: %v", kind, !want)
		}
	}
}

func FuzzAccept(f *testing.F) {
	for _, seed := range []string{"", "*/*", "text/html;q=0.5, application/json", `a/b;c="d,e\"f";q=1`, ",;=,;q", "text/html;q=1e400", "\xff\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		form := preferred([]string{accept})
		if form != "" && form != mediaHTML && form != mediaJSON {
			t.Errorf("the form is %q", form)
		}
		if form != "" && !strings.Contains(accept, "*") && !strings.Contains(strings.ToLower(accept), form) {
			t.Errorf("%q was not asked for", form)
		}
		kind, text := errorBody([]string{accept}, 404, accept)
		if kind == "" || text == "" || form == mediaHTML && strings.Count(text, "<") != 12 {
			t.Errorf("the body is %q %q", kind, text)
		}
	})
}
