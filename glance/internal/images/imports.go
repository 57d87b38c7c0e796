package images

import (
	"context"

	"goglance/glance/internal/ingest"
)

// Room makes the checks of Upload that need no data, and returns how many bytes the caller may give to an image. It is for
// whoever takes data in before he uploads it. Upload asks again.
func (s *Images) Room(ctx context.Context, id string) (ingest.Limit, error) {
	img, err := s.mutable(ctx, id)
	if err != nil {
		return ingest.Limit{}, err
	}
	if err := s.uploadable(ctx, img); err != nil {
		return ingest.Limit{}, err
	}
	return s.room(ctx, id, -1)
}
