package main_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

// inTwo is a web server that sends the second half of its file when it is let.
func inTwo(t *testing.T) (server *httptest.Server, leave chan struct{}) {
	t.Helper()
	leave = make(chan struct{})
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "8")
		_, _ = w.Write([]byte("half"))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-leave:
			_, _ = w.Write([]byte("more"))
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	return server, leave
}

// TestTasksOutliveReload: a task that runs while the configuration is loaded again ends as it would have; one that runs
// when the daemon is stopped fails, and says why. Both are measured.
func TestTasksOutliveReload(t *testing.T) {
	t.Parallel()
	from, leave := inTwo(t)
	metrics := "127.0.0.1:" + freePort(t)
	s := importSite(t, from, "[metrics]", "bind_port = "+metrics[len("127.0.0.1:"):])
	d := s.start()
	d.header = operator()
	const running, generations = `glance_tasks_running{type="import"}`, "glance_generations"
	first := d.imports(from.URL)
	await(t, "the task runs", func() bool { return metric(t, metrics, running) == "1" })
	d.signal(syscall.SIGHUP)
	await(t, "the configuration is loaded again", func() bool { return metric(t, metrics, "glance_generation") == "2" })
	second := d.imports(from.URL)
	await(t, "both tasks run", func() bool { return metric(t, metrics, running) == "2" })
	if status, _ := d.task(first); status != "processing" || metric(t, metrics, generations) != "2" {
		t.Errorf("after the reload the task is %s, and there are %s generations", status, metric(t, metrics, generations))
	}
	leave <- struct{}{}
	leave <- struct{}{}
	for name, want := range map[string]string{
		`glance_tasks_total{status="success",type="import"}`: "2", running: "0", `glance_task_duration_seconds_count{type="import"}`: "2", generations: "1",
	} {
		await(t, name+" is "+want, func() bool { return metric(t, metrics, name) == want })
	}
	if metric(t, metrics, `glance_task_bytes_total{type="import"}`) == "0" {
		t.Error("no bytes were counted")
	}
	for _, id := range []string{first, second} {
		if status, message := d.task(id); status != "success" || message != "" {
			t.Errorf("%s: %s", status, message)
		}
	}
	cut := d.imports(from.URL)
	await(t, "the last task runs", func() bool { return metric(t, metrics, running) == "1" })
	d.signal(syscall.SIGHUP) // it is one of a generation that was
	await(t, "the configuration is loaded again", func() bool { return metric(t, metrics, "glance_generation") == "3" })
	d.stop()
	next := s.start()
	next.header = operator()
	if status, message := next.task(cut); status != "failure" || !strings.Contains(message, "stopped") {
		t.Errorf("%s: %s", status, message)
	}
}
