package api

import (
	"fmt"
	"strings"
	"testing"

	"goglance/glance/settings"
)

// Spec images-api 1.1: the whole table, also what is off.
func TestVersionTable(t *testing.T) {
	t.Parallel()
	const want = `v2.6 EXPERIMENTAL /v2
v2.5 CURRENT /v2
v2.4 SUPPORTED /v2
v2.3 SUPPORTED /v2
v2.2 SUPPORTED /v2
v2.1 SUPPORTED /v2
v2.0 SUPPORTED /v2
v1.1 DEPRECATED /v1
v1.0 DEPRECATED /v1
`
	var got strings.Builder
	for _, v := range versions() {
		fmt.Fprintln(&got, v.id, v.status, v.path)
		if v.needs(settings.API{}) {
			t.Errorf("%s is listed with everything off", v.id)
		}
	}
	if got.String() != want {
		t.Errorf("got:\n%s", got.String())
	}
}
