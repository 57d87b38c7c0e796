package api

import "net/http"

// showSchema is GET /v2/schemas/{name} (spec images-api 15).
func (a *API) showSchema(name string) handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		sendJSON(w, http.StatusOK, a.schemas[name])
		return nil
	}
}
