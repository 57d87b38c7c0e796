package config_test

import (
	"strings"
	"testing"
)

// TestTaskExecutor: there is one way to run tasks, under two names; another one is refused at the start (spec tasks-import
// A.3, B: the reference answers every task with 500).
func TestTaskExecutor(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ refused, warned bool }{
		"taskflow": {}, "eventlet": {warned: true}, "mistral": {refused: true},
	} {
		files := map[string]string{"glance-api.conf": "[task]\ntask_executor = " + name + "\n"}
		s, err := load(t, files["glance-api.conf"])
		if (err != nil) != row.refused || err != nil && !strings.Contains(err.Error(), "task_executor") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if s.Glance.Executor != name {
			t.Errorf("%s is read as %s", name, s.Glance.Executor)
		}
		p := mustBuild(t, files)
		if got := strings.Contains(strings.Join(p.Warnings, "\n"), "task_executor"); got != row.warned {
			t.Errorf("%s: warned %v", name, got)
		}
	}
}

// TestTaskOptions: the sections and the older names (spec tasks-import B).
func TestTaskOptions(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, "[DEFAULT]\ntask_time_to_live = 5\nnode_staging_uri = file:///srv/staging\n[task]\nwork_dir = /srv/work\neventlet_executor_pool_size = 7\n"+
		"[taskflow_executor]\nengine_mode = serial\nconversion_format = raw\n")
	o := s.Glance.Tasks
	if o.TimeToLive != 5 || o.WorkDir != "/srv/work" || o.MaxWorkers != 7 || o.ConversionFormat != "raw" || o.Workers() != 1 || s.Glance.StagingURI != "file:///srv/staging" {
		t.Errorf("%+v", o)
	}
	for _, text := range []string{"[taskflow_executor]\nmax_workers = 0", "[taskflow_executor]\nengine_mode = worker-based", "[taskflow_executor]\nconversion_format = vdi", "[task]\ntask_time_to_live = -1"} {
		if _, err := load(t, text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	d := mustLoad(t, "").Glance
	if d.TimeToLive != 48 || d.Executor != "taskflow" || d.MaxWorkers != 10 || d.Workers() != 10 || d.WorkDir != "" || d.ConversionFormat != "" || d.StagingURI != "file:///tmp/staging/" {
		t.Errorf("%+v", d.Tasks)
	}
}
