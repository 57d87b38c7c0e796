package glance_test

import (
	"context"
	"net/http"
	"os"
	"strings"
)

// importThroughBoth stages data through one of the two and imports it through the other. Both have the same staging folder
// (spec tasks-import D.5).
func (s *sides) importThroughBoth() {
	s.Helper()
	for _, first := range []*fixture{s.ours, s.theirs} {
		second := s.theirs
		if first == s.theirs {
			second = s.ours
		}
		data := strings.Repeat("staged by one, imported by the other ", 1000)
		id := first.as(owner).create(formats)
		first.as(owner).stage(id, data).want(http.StatusNoContent)
		if got := second.as(owner).get("/v2/images/" + id).doc()["status"]; got != "uploading" {
			s.Errorf("the staged image is %v", got)
		}
		second.as(owner).doImport(id).want(http.StatusAccepted)
		s.ours.until("the image is active", func() bool {
			return s.ours.as(owner).get("/v2/images/" + id).doc()["status"] == "active"
		})
		first.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody(data)

		id = first.as(owner).create(formats)
		first.as(owner).stage(id, data).want(http.StatusNoContent)
		second.as(owner).stage(id, data) // refused; Python then has it queued again and keeps the data
		second.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	}
	ctx, stop := context.WithCancel(s.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.ours.svc.Run(ctx) }() // Python knows nothing of memos
	s.ours.until("nothing is staged any more", func() bool {
		left, err := os.ReadDir(s.staging)
		s.ours.must(err)
		return len(left) == 0
	})
	stop()
	s.ours.must(<-ended)
}
