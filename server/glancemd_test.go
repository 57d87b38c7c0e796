package main_test

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// mdRow is a command, whether it fails, and what its output has, or after a ! has not.
type mdRow struct {
	line  string
	fails bool
	want  string
}

// The rows of a test follow each other in one database.

func mdNamespaces(file string) []mdRow {
	return []mdRow{
		{"create N1 --owner me --visibility public --display-name first --protected True", false, "first public me"},
		{"create N1 --owner me", true, "409"},
		{"import --file " + file, false, "N2 imported"},
		{"list", false, "N1 N2 OS::Compute::Watchdog"},
		{"list --visibility private", false, "N2 !N1"},
		{"list --resource-types OS::Trove::Instance", false, "OS::Software::DBMS !N1"},
		{"show N2", false, "imported private"},
		{"update N1 --description told --visibility private", false, "told private first"},
		{"update N2 --namespace N3", false, "N3"},
		{"show N2", true, "404"},
		{"delete N1", true, "403"},
		{"update N1 --protected False", false, "False told"},
	}
}

func mdObjects() []mdRow {
	const (
		one = `{"description":"fine","properties":{"p1":{"title":"P-one","type":"integer","default":"5"}}}`
		two = `{"description":"another","properties":{"p2":{"title":"P-two","type":"string"}}}`
	)
	return []mdRow{
		{"create N1 --name O1 --schema " + one, false, "O1 fine"},
		{"list N1", false, "O1"},
		{"show N1 O1", false, "O1 fine p1"},
		{"property-show N1 O1 p1", false, "P-one integer 5"},
		{"update N1 O1 --name O2 --schema " + two, false, "O2 another p2"},
		{"show N1 O1", true, "404"},
		{"delete N1 O2", false, ""},
		{"create N1 --name O3 --schema " + one, false, "O3"},
	}
}

func mdProperties() []mdRow {
	return []mdRow{
		{`create N1 --name c --title choice --schema {"type":"string","enum":["a","b"],"description":"say"}`, false, "choice say"},
		{"list N1", false, "choice string"},
		{"show N1 c", false, "choice enum"},
		{"update N1 c --name d --title changed", false, "changed say"},
		{"delete N1 c", true, "404"},
		{"delete N1 d", false, ""},
		{`create N1 --name e --title last --schema {"type":"string"}`, false, "last"},
	}
}

// mdTags leaves out --append, which the client cannot send: it takes the value of the header for text.
func mdTags() []mdRow {
	return []mdRow{
		{"create N1 --name T1", false, "T1"},
		{"create-multiple N1 --names T2,T3", false, "T2 T3"},
		{"list N1", false, "T2 T3 !T1"},
		{"update N1 T2 --name T4", false, "T4"},
		{"show N1 T4", false, "T4"},
		{"show N1 T2", true, "404"},
		{"delete N1 T4", false, ""},
		{"list N1", false, "T3 !T4"},
	}
}

func mdResourceTypes() []mdRow {
	return []mdRow{
		{"associate N1 --name OS::Test::Type --prefix t_", false, "OS::Test::Type t_"},
		{"list", false, "OS::Test::Type OS::Nova::Server"},
	}
}

func mdEnd() []mdRow {
	return []mdRow{
		{"namespace-update N1 --display-name second", false, "second O3 e T3 OS::Test::Type"},
		{"namespace-show N1", false, "second O3 e T3 OS::Test::Type"},
		{"namespace-resource-type-list N1", false, "OS::Test::Type t_"},
		{"resource-type-deassociate N1 OS::Test::Type", false, ""},
		{"namespace-objects-delete N1", false, ""},
		{"namespace-properties-delete N1", false, ""},
		{"namespace-tags-delete N1", false, ""},
		{"namespace-show N1", false, "second !O3 !T3 !OS::Test::Type"},
		{"namespace-delete N1", false, ""},
		{"namespace-delete N3", false, ""},
		{"namespace-list", false, "OS::Compute::Watchdog !N1 !N3"},
	}
}

// TestGlanceClientMetadefs: every command for metadata definitions that the client people use has.
func TestGlanceClientMetadefs(t *testing.T) {
	t.Parallel()
	glance := need(t, "glance")
	d := start(t, t.TempDir())
	file := newSite(t).file("n2.json", `{"namespace": "N2", "owner": "me", "display_name": "imported", "visibility": "private", "tags": [{"name": "x"}]}`)
	of := func(what string, rows []mdRow) []mdRow {
		for i := range rows {
			rows[i].line = what + rows[i].line
		}
		return rows
	}
	rows := slices.Concat(of("md-namespace-", mdNamespaces(file)), of("md-object-", mdObjects()), of("md-property-", mdProperties()),
		of("md-tag-", mdTags()), of("md-resource-type-", mdResourceTypes()), of("md-", mdEnd()))
	for _, row := range rows {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		all := append([]string{"--os-image-url", d.url, "--os-auth-token", "none", "--os-image-api-version", "2"}, strings.Fields(row.line)...)
		out, err := exec.CommandContext(ctx, glance, all...).CombinedOutput()
		cancel()
		if (err != nil) != row.fails {
			t.Errorf("%s: %v: %s", row.line, err, out)
		}
		for _, part := range strings.Fields(row.want) {
			text, without := strings.CutPrefix(part, "!")
			if strings.Contains(string(out), text) == without {
				t.Errorf("%s: %s: %s", row.line, part, out)
			}
		}
	}
}
