package api

import "net/http"

// deactivate is POST /v2/images/{id}/actions/deactivate (spec images-api 6.3).
func (a *API) deactivate(w http.ResponseWriter, r *http.Request) error {
	return sendNothing(w, a.Images.Deactivate(r.Context(), imageID(r)))
}

// reactivate is POST /v2/images/{id}/actions/reactivate.
func (a *API) reactivate(w http.ResponseWriter, r *http.Request) error {
	return sendNothing(w, a.Images.Reactivate(r.Context(), imageID(r)))
}
