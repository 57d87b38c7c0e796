package middleware

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/sirupsen/logrus"
)

// Recover turns a panic in a handler into the answer of fail, and logs the stack: nothing of the request's headers is
// in it (spec security P25). http.ErrAbortHandler, which cuts the connection, passes.
func Recover(fail Fail, log logrus.FieldLogger) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				v := recover()
				if v == nil {
					return
				}
				if v == http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
					panic(v)
				}
				fields := logrus.Fields{"request": From(r.Context()).ID, "stack": string(debug.Stack())}
				log.WithFields(fields).Errorf("panic: %v", v)
				fail(w, r, fmt.Errorf("panic: %v", v))
			}()
			next.ServeHTTP(w, r)
		})
	}
}
