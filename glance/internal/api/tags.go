package api

import (
	"net/http"

	"github.com/gorilla/mux"
)

// tag is the tag in the path, decoded and not trimmed: blanks belong to it (spec images-api 9).
func tag(r *http.Request) string { return mux.Vars(r)["tag"] }

// addTag is PUT /v2/images/{id}/tags/{tag}. A tag that an image cannot have is refused before the image is looked up.
func (a *API) addTag(w http.ResponseWriter, r *http.Request) error {
	if err := checkLabel(tag(r)); err != nil {
		return err
	}
	return sendNothing(w, a.Images.AddTag(r.Context(), imageID(r), tag(r)))
}

// removeTag is DELETE /v2/images/{id}/tags/{tag}.
func (a *API) removeTag(w http.ResponseWriter, r *http.Request) error {
	return sendNothing(w, a.Images.RemoveTag(r.Context(), imageID(r), tag(r)))
}
