package api

import (
	"net/http"

	"goglance/glance/fault"
)

// showSchema is GET /v2/schemas/{name} (spec images-api 15).
func (a *API) showSchema(name string) handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		sendJSON(w, http.StatusOK, a.schemas[name])
		return nil
	}
}

// noImport answers for the calls of image import, which are there although nobody can import (spec images-api 2.1).
func (a *API) noImport(http.ResponseWriter, *http.Request) error {
	return fault.New(fault.NotFound, "images cannot be imported here")
}
