package importer

import (
	"context"
	"errors"
	"slices"
	"testing"

	"goglance/glance/internal/tasks"
)

// Steps are done in order; when one fails, what was begun is undone in reverse, with a context that still lives.
func TestRun(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, row := range []struct {
		fails string
		want  []string
	}{
		{"", []string{"a", "b", "c"}},
		{"a", []string{"a", "-a"}},
		{"b", []string{"a", "b", "-a"}},
		{"c", []string{"a", "b", "c", "-c", "-a"}},
		{"cancel", []string{"a", "b", "-a"}},
	} {
		var did []string
		ctx, cancel := context.WithCancel(t.Context())
		do := func(name string) func(context.Context, *work) error {
			return func(context.Context, *work) error {
				did = append(did, name)
				if name == "b" && row.fails == "cancel" {
					cancel()
				}
				if name == row.fails {
					return boom
				}
				return nil
			}
		}
		undo := func(name string) func(context.Context, *work) error {
			return func(ctx context.Context, _ *work) error {
				did = append(did, name)
				return ctx.Err()
			}
		}
		steps := []step{{"a", do("a"), undo("-a")}, {"b", do("b"), nil}, {"c", do("c"), undo("-c")}}
		err := run(ctx, &tasks.Job{}, steps, &work{})
		cancel()
		if !slices.Equal(did, row.want) || (err == nil) != (row.fails == "") {
			t.Errorf("%q: %v, %v", row.fails, did, err)
		}
	}
}
