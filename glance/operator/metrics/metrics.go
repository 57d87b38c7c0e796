// Package metrics measures the service for Prometheus. Labels come from fixed sets, so that no client can make the
// number of series grow. The metrics are served on a listener of their own, never on that of the API (spec security
// S165).
package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"goglance/glance"
	"goglance/glance/db"
)

// Metrics are the measurements of a process. They are safe for concurrent use.
type Metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	received    *prometheus.CounterVec
	sent        *prometheus.CounterVec
	underWay    *prometheus.GaugeVec
	generation  prometheus.Gauge
	generations prometheus.Gauge
	reloads     *prometheus.CounterVec

	tasks        *prometheus.CounterVec
	taskBytes    *prometheus.CounterVec
	taskSeconds  *prometheus.HistogramVec
	tasksRunning *prometheus.GaugeVec
}

// New returns Metrics. pools is asked for the state of the database's connections.
func New(pools func() map[string]db.Pool) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("glance_requests_total", "Requests that were answered; status 0: the client has gone.", "route", "method", "status"),
		received: counter("glance_received_bytes_total", "Bytes of bodies of requests.", "route"),
		sent:     counter("glance_sent_bytes_total", "Bytes of bodies of answers.", "route"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "glance_request_duration_seconds", Help: "Time from the request's header to the end of the answer.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60, 600, 3600},
		}, []string{"route", "method"}),
		underWay: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "glance_under_way", Help: "Requests under way: uploads and downloads of image data, and others.",
		}, []string{"kind"}),
		generation:  gauge("glance_generation", "How often the configuration in use was loaded; 1: at start."),
		generations: gauge("glance_generations", "Configurations in use: 1, and those whose last request has not ended."),
		reloads:     counter("glance_reloads_total", "Attempts to load the configuration again.", "result"),
		tasks:       counter("glance_tasks_total", "Tasks that have ended.", "type", "status"),
		taskBytes:   counter("glance_task_bytes_total", "Bytes that tasks have read or written, as their messages count them.", "type"),
		taskSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "glance_task_duration_seconds", Help: "Time from the beginning of a task to its end.",
			Buckets: []float64{.01, .1, 1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600},
		}, []string{"type"}),
		tasksRunning: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "glance_tasks_running", Help: "Tasks that this process runs now.",
		}, []string{"type"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.received, m.sent, m.underWay, m.generation, m.generations, m.reloads,
		m.tasks, m.taskBytes, m.taskSeconds, m.tasksRunning,
		poolCollector{pools}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, kind := range []string{"upload", "download", "other"} {
		m.underWay.WithLabelValues(kind)
	}
	for _, result := range []string{"ok", "failed"} {
		m.reloads.WithLabelValues(result)
	}
	return m
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// Begin counts a request as under way until the function it returns is called.
func (m *Metrics) Begin(r *http.Request) (end func()) {
	kind := "other"
	if strings.HasSuffix(r.URL.Path, "/file") {
		switch r.Method {
		case http.MethodPut:
			kind = "upload"
		case http.MethodGet:
			kind = "download"
		}
	}
	g := m.underWay.WithLabelValues(kind)
	g.Inc()
	return g.Dec
}

// Observe counts a request that has ended.
func (m *Metrics) Observe(a glance.Access) {
	route := a.Route
	if route == "" {
		route = "none"
	}
	known := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions,
	}
	method := a.Method
	if !slices.Contains(known, method) {
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(a.Status)).Inc()
	m.seconds.WithLabelValues(route, method).Observe(a.Duration.Seconds())
	m.received.WithLabelValues(route).Add(float64(a.Received))
	m.sent.WithLabelValues(route).Add(float64(a.Sent))
}

// Reloaded counts an attempt to load the configuration again.
func (m *Metrics) Reloaded(err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.reloads.WithLabelValues(result).Inc()
}

// Task counts a step of a task.
func (m *Metrics) Task(t glance.Task) {
	kind := string(t.Type)
	m.taskBytes.WithLabelValues(kind).Add(float64(t.Bytes))
	m.tasksRunning.WithLabelValues(kind).Add(float64(t.Running))
	if t.Running < 0 {
		m.taskSeconds.WithLabelValues(kind).Observe(t.Duration.Seconds())
	}
	if t.Status.Final() {
		m.tasks.WithLabelValues(kind, string(t.Status)).Inc()
	}
}

// Generation says which configuration is in use now, and how many are.
func (m *Metrics) Generation(number, all int) {
	m.generation.Set(float64(number))
	m.generations.Set(float64(all))
}

// poolCollector asks for the state of the database's connections when somebody wants to know.
type poolCollector struct{ pools func() map[string]db.Pool }

func poolMetric(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("glance_db_"+name, help, []string{"pool"}, nil)
}

// Describe tells nothing: what is collected is checked then.
func (poolCollector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the metrics.
func (c poolCollector) Collect(out chan<- prometheus.Metric) {
	for name, p := range c.pools() {
		for _, v := range []struct {
			name, help string
			kind       prometheus.ValueType
			value      float64
		}{
			{"connections_open", "Connections to the database.", prometheus.GaugeValue, float64(p.Open)},
			{"connections_in_use", "Connections that a request has.", prometheus.GaugeValue, float64(p.InUse)},
			{"waits_total", "How often a request waited for a connection.", prometheus.CounterValue, float64(p.Waits)},
			{"wait_seconds_total", "How long requests waited for connections.", prometheus.CounterValue, p.Waited.Seconds()},
		} {
			out <- prometheus.MustNewConstMetric(poolMetric(v.name, v.help), v.kind, v.value, name)
		}
	}
}

// Serve returns a server of the metrics; the caller runs and closes it.
func (m *Metrics) Serve() *http.Server {
	const patience = time.Minute
	return &http.Server{Handler: m.Handler(), ReadTimeout: patience, WriteTimeout: patience, IdleTimeout: patience}
}
