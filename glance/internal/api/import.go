package api

import (
	"net/http"

	"goglance/glance/fault"
	"goglance/glance/internal/images"
)

// directImport is the one way that data comes to an import here: it was staged before (spec tasks-import D.1).
const directImport = "glance-direct"

// headerMethods lists the ways to import in the answer about a new image.
const headerMethods = "OpenStack-image-import-methods"

// ifImport is a call of image import, which is there although nobody may be able to import (spec images-api 2.1).
func (a *API) ifImport(h handler) handler {
	if a.Options.EnableImport {
		return h
	}
	return func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.NotFound, "images cannot be imported here")
	}
}

// stage is PUT /v2/images/{id}/stage (spec tasks-import D.3).
func (a *API) stage(w http.ResponseWriter, r *http.Request) error {
	if !isBinary(r.Header.Get("Content-Type")) {
		return fault.New(fault.MediaType, "image data is sent as %s", mediaBinary)
	}
	return sendNothing(w, a.Images.Stage(r.Context(), imageID(r), images.Data{Body: r.Body, Length: r.ContentLength}))
}

// importImage is POST /v2/images/{id}/import (spec tasks-import D.4).
func (a *API) importImage(w http.ResponseWriter, r *http.Request) error {
	request, err := a.decodeObject(r)
	if err != nil {
		return err
	}
	if err := importMethod(request); err != nil {
		return err
	}
	if err := a.Import(r.Context(), imageID(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// importMethod checks what an import is asked to do. What else the request says is ignored.
func importMethod(request map[string]any) error {
	method, ok := request["method"].(map[string]any)
	if !ok {
		return fault.New(fault.Invalid, `the body needs "method", an object`)
	}
	name, ok := method["name"]
	if !ok {
		return fault.New(fault.Invalid, `"method" needs "name"`)
	}
	if name != directImport {
		return fault.New(fault.Invalid, "the only import method here is %s", directImport)
	}
	return nil
}

// importMethods is GET /v2/info/import (spec tasks-import D.2).
func (a *API) importMethods(w http.ResponseWriter, _ *http.Request) error {
	methods := map[string]any{"import-methods": map[string]any{
		"description": "How image data can be imported.", "type": "array", "value": []any{directImport},
	}}
	sendJSON(w, http.StatusOK, appendJSON(nil, methods))
	return nil
}
