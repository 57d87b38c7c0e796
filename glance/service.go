package glance

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"goglance/glance/internal/api"
	"goglance/glance/internal/images"
	"goglance/glance/internal/importer"
	"goglance/glance/internal/ingest"
	"goglance/glance/internal/metadefs"
	"goglance/glance/internal/tasks"
	"goglance/glance/task"
)

// Service is an Image service: an http.Handler and the work behind it. It is safe for concurrent use.
type Service struct {
	handler http.Handler
	ingest  *ingest.Ingest
	journal *ingest.Journal
	tasks   *tasks.Tasks
	running sync.WaitGroup
	config  Config
}

// New returns a Service. It starts nothing and opens no socket; it does take its place in StateDir. Whoever makes a
// Service closes it.
func New(c Config) (*Service, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	journal, err := ingest.OpenJournal(c.StateDir)
	if err != nil {
		return nil, err
	}
	s := &Service{journal: journal, config: c}
	if err := s.compose(); err != nil {
		return nil, errors.Join(err, journal.Close())
	}
	return s, nil
}

// compose puts the layers together.
func (s *Service) compose() error {
	c := s.config
	s.ingest = ingest.New(ingest.Config{DB: c.DB, Stores: c.Stores, Journal: s.journal, Staging: c.Staging, Clock: c.Clock, Log: c.Log, Abandoned: s.abandoned})
	use, err := images.New(images.Config{
		Options: c.Options.Images, DB: c.DB, Stores: c.Stores, Ingest: s.ingest, Policy: c.Policy, Protect: c.Protect,
		Notify: c.Notify, Clock: c.Clock, NewID: c.NewID, Log: c.Log,
	})
	if err != nil {
		return err
	}
	definitions := metadefs.New(metadefs.Config{
		Options: c.Options.Images, DB: c.DB, Policy: c.Policy, Notify: c.Notify, Clock: c.Clock,
	})
	im, err := importer.New(importer.Config{
		Options: c.Options.Tasks, API: c.Options.API, Schema: c.ImageSchema, Images: use, Egress: c.Egress, OVF: c.OVF, Log: c.Log,
	})
	if err != nil {
		return err
	}
	s.tasks = tasks.New(tasks.Config{
		Options: c.Options.Tasks, Images: c.Options.Images, DB: c.DB, Journal: s.journal, Policy: c.Policy, Notify: c.Notify,
		Flows: map[task.Type]tasks.Flow{task.Import: im.URL, task.ImageImport: im.Staged},
		Undo:  map[task.Type]tasks.Undo{task.ImageImport: im.UndoStaged},
		Clock: c.Clock, NewID: c.NewID, Log: c.Log, Entrust: c.Entrust, Observe: c.observe(),
	})
	s.handler, err = api.New(api.Config{
		Options: c.Options.API, Images: use, Metadefs: definitions, Tasks: s.tasks, Filters: c.Filters, Auth: c.Auth,
		Prefix: c.Prefix, Peers: c.TrustedPeers, NewID: c.NewID, Log: c.Log, Access: c.access(),
		Schema: c.ImageSchema, Import: func(ctx context.Context, id string) error { return im.Begin(ctx, s.tasks, id) },
	})
	return err
}

func (s *Service) abandoned(ctx context.Context, id, note string) error {
	return s.tasks.Abandoned(ctx, id, note)
}

// ServeHTTP answers one request of the Images API.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.running.Add(1)
	defer s.running.Done()
	s.handler.ServeHTTP(w, r)
}

// retryTime is how often Run tries to settle what could not be settled before, and looks for processes that died.
const retryTime = 30 * time.Second

// Run does the background work until ctx ends, and leaves nothing running. It settles what processes of this node that
// died have left: their uploads are undone, their removals finished, their tasks failed. When ctx ends, so do the tasks
// under way: they undo what they have done, and fail. See Settled.
func (s *Service) Run(ctx context.Context) error {
	defer s.tasks.Stop()
	s.recover(ctx)
	tick := time.NewTicker(retryTime)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.ingest.Retry(ctx)
			s.tasks.Retry(ctx)
			s.recover(ctx)
		}
	}
}

func (s *Service) recover(ctx context.Context) {
	err := errors.Join(s.ingest.Recover(ctx), s.tasks.Touch(ctx), s.tasks.TakeOver(ctx))
	if err != nil && ctx.Err() == nil {
		s.config.Log.WithError(err).Error("cannot tidy up after a dead process; this is tried again")
	}
}

// Settled waits until no task is under way, or ctx ends. A service that is to be replaced by another one waits so for its
// tasks, when no request can begin any more, before Run is ended.
func (s *Service) Settled(ctx context.Context) { s.tasks.Settled(ctx) }

// Close waits for the requests under way, ends the tasks and gives up the place in StateDir. It is called after Run has
// returned, and nothing may be served afterwards. To end requests sooner, close their connections first: an upload then
// gives its image back.
func (s *Service) Close() error {
	s.running.Wait()
	s.tasks.Stop()
	return s.journal.Close()
}
