package middleware

import (
	"net/http"
	"time"

	"github.com/sirupsen/logrus"

	"goglance/glance/auth"
)

// Access is one request that was answered, or was given up. Package glance has the same type for its users.
type Access struct {
	ID       string
	Identity *auth.Identity
	Client   string
	Method   string
	URI      string
	Proto    string
	Route    string
	Status   int
	Received int64
	Sent     int64
	Duration time.Duration
}

// LogAccess returns what writes a line for every request.
func LogAccess(log logrus.FieldLogger) func(Access) {
	return func(a Access) {
		project := ""
		if a.Identity != nil {
			project = a.Identity.ProjectID
		}
		log.WithFields(logrus.Fields{
			"request": a.ID, "client": a.Client, "project": project, "route": a.Route, "status": a.Status,
			"received": a.Received, "sent": a.Sent, "seconds": a.Duration.Seconds(),
		}).Info(a.Method + " " + a.URI)
	}
}

// begun notes what is known of a request before anyone rewrites it.
func begun(r *http.Request) Access {
	return Access{Method: r.Method, URI: r.URL.RequestURI(), Proto: r.Proto}
}

// ended adds what was learned on the way.
func (a Access) ended(info *Info, took time.Duration) Access {
	a.ID, a.Identity, a.Client, a.Route = info.ID, info.Identity, info.Client, info.Route
	a.Status, a.Received, a.Sent, a.Duration = info.Status, info.Received, info.Sent, took
	return a
}
