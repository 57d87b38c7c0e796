package task

import (
	"slices"
	"strings"
	"testing"
)

// Spec tasks-import A.7, the whole table.
func TestTransitions(t *testing.T) {
	t.Parallel()
	allowed := map[Status]string{Pending: "processing failure", Processing: "success failure"}
	all := []Status{Pending, Processing, Success, Failure, "nonsense", ""}
	for _, from := range all {
		for _, to := range all {
			if want := slices.Contains(strings.Fields(allowed[from]), string(to)); from.To(to) != want {
				t.Errorf("from %q to %q: %v", from, to, !want)
			}
		}
		if known := from == Pending || from == Processing || from == Success || from == Failure; from.Valid() != known {
			t.Errorf("%q is valid: %v", from, !known)
		}
		if from.Final() != (from == Success || from == Failure) {
			t.Errorf("%q is final: %v", from, from.Final())
		}
	}
	for kind, want := range map[Type]bool{Import: true, ImageImport: true, "": false, "export": false} {
		if kind.Valid() != want {
			t.Errorf("%q is a type: %v", kind, !want)
		}
	}
}

// Spec tasks-import A.4, A.5: who sees a task.
func TestVisible(t *testing.T) {
	t.Parallel()
	for _, deleted := range []bool{false, true} {
		for _, owner := range []string{"p", ""} {
			k := Task{Owner: owner, Deleted: deleted}
			for _, v := range []Viewer{{}, {Owner: "p"}, {Owner: "q"}, {Admin: true}, {Owner: "q", Admin: true}} {
				if want := v.Admin || !deleted && owner == "p" && v.Owner == "p"; k.VisibleTo(v) != want {
					t.Errorf("%+v of %+v: %v", v, k, !want)
				}
			}
		}
	}
}

func TestSortKeys(t *testing.T) {
	t.Parallel()
	times := 0
	for _, key := range strings.Fields("id type status owner expires_at created_at updated_at deleted_at deleted") {
		if !SortKey(key).Valid() {
			t.Errorf("%s is no sort key", key)
		}
		if SortKey(key).IsTime() {
			times++
		}
	}
	for _, key := range []SortKey{"", "input", "result", "message", "ID", "id "} {
		if key.Valid() || key.IsTime() {
			t.Errorf("%q is a sort key", key)
		}
	}
	if times != 4 {
		t.Errorf("%d keys are times", times)
	}
}
