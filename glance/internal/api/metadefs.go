package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"

	"goglance/glance/fault"
	"goglance/glance/internal/api/middleware"
	"goglance/glance/internal/metadefs"
	"goglance/glance/internal/schema"
	"goglance/glance/metadef"
)

const metadefPath = "/v2/metadefs/namespaces"

const inNamespace = metadefPath + "/{ns}"

// metadefRoutes is the routes of metadata definitions (spec metadefs 2).
func (a *API) metadefRoutes() []route {
	all := []route{
		{"resource types", "/v2/metadefs/resource_types", []method{{http.MethodGet, false, a.listResourceTypes}}},
		{"namespaces", metadefPath, []method{
			{http.MethodGet, true, a.listNamespaces},
			{http.MethodPost, true, a.createNamespace},
		}},
		{"namespace", inNamespace, []method{
			{http.MethodGet, false, a.showNamespace},
			{http.MethodPut, true, a.updateNamespace},
			{http.MethodDelete, false, a.deleteNamespace},
		}},
	}
	all = append(all, a.metadefContentRoutes()...)
	for _, name := range []string{
		"namespace", "namespaces", "resource_type", "resource_types", "property", "properties", "object", "objects", "tag", "tags",
	} {
		name = "metadefs/" + name
		all = append(all, route{"schema of " + name, "/v2/schemas/" + name, []method{{http.MethodGet, false, a.showSchema(name)}}})
	}
	return all
}

// metadefContentRoutes is the routes of what is in a namespace. Where the reference ignores a body, it is ignored here.
func (a *API) metadefContentRoutes() []route {
	return []route{
		{"associations", inNamespace + "/resource_types", []method{
			{http.MethodGet, false, a.listAssociations},
			{http.MethodPost, true, a.addAssociation},
		}},
		{"association", inNamespace + "/resource_types/{name}", []method{{http.MethodDelete, false, a.deleteAssociation}}},
		{"properties", inNamespace + "/properties", []method{
			{http.MethodGet, false, a.listProperties},
			{http.MethodPost, true, a.addProperty},
			{http.MethodDelete, true, a.deleteContents(metadef.Properties)},
		}},
		{"property", inNamespace + "/properties/{name}", []method{
			{http.MethodGet, true, a.showProperty},
			{http.MethodPut, true, a.updateProperty},
			{http.MethodDelete, true, a.deleteProperty},
		}},
		{"objects", inNamespace + "/objects", []method{
			{http.MethodGet, true, a.listObjects},
			{http.MethodPost, true, a.addObject},
			{http.MethodDelete, true, a.deleteContents(metadef.Objects)},
		}},
		{"object", inNamespace + "/objects/{name}", []method{
			{http.MethodGet, false, a.showObject},
			{http.MethodPut, true, a.updateObject},
			{http.MethodDelete, false, a.deleteObject},
		}},
		{"tags of a namespace", inNamespace + "/tags", []method{
			{http.MethodGet, true, a.listNamespaceTags},
			{http.MethodPost, true, a.replaceNamespaceTags},
			{http.MethodDelete, true, a.deleteContents(metadef.Tags)},
		}},
		{"tag of a namespace", inNamespace + "/tags/{name}", []method{
			{http.MethodGet, false, a.showNamespaceTag},
			{http.MethodPost, false, a.addNamespaceTag},
			{http.MethodPut, true, a.updateNamespaceTag},
			{http.MethodDelete, false, a.deleteNamespaceTag},
		}},
	}
}

func namespaceName(r *http.Request) string { return mux.Vars(r)["ns"] }

// contentName is the name of what in a namespace the path is about.
func contentName(r *http.Request) string { return mux.Vars(r)["name"] }

// listNamespaces is GET /v2/metadefs/namespaces (spec metadefs 4.1).
func (a *API) listNamespaces(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	p, err := namespacesPage(q)
	if err != nil {
		return err
	}
	page, more, err := a.Metadefs.Namespaces(r.Context(), p)
	if err != nil {
		return err
	}
	var doc object
	doc.list("namespaces", len(page), func(buf []byte, i int) []byte { return appendNamespace(buf, page[i], stored) })
	if more {
		doc.string("next", namespacesLink(q, page[len(page)-1].Name))
	}
	doc.string("schema", "/v2/schemas/metadefs/namespaces")
	doc.string("first", namespacesLink(q, ""))
	sendJSON(w, http.StatusOK, doc.end())
	return nil
}

// namespacesLink is a relative link to a page of the list that q asked for; marker "" leads to the first.
func namespacesLink(q query, marker string) string {
	q = q.without("marker")
	if marker != "" {
		q = append(q, parameter{"marker", marker})
	}
	if len(q) == 0 {
		return metadefPath
	}
	return metadefPath + "?" + q.encode()
}

// maxTypes is how many resource types a list can be asked for.
const maxTypes = 1000

func namespacesPage(q query) (p metadefs.Page, err error) {
	p.Limit = -1
	if marker, ok := q.get("marker"); ok {
		p.Marker = &marker
	}
	if limit, ok := q.get("limit"); ok {
		if p.Limit, err = parseLimit(limit); err != nil {
			return p, err
		}
	}
	if p.Order, err = metadefOrder(q, metadef.SortKey.SortsNamespaces); err != nil {
		return p, err
	}
	if types, ok := q.get("resource_types"); ok {
		if p.ResourceTypes = strings.Split(types, ","); len(p.ResourceTypes) > maxTypes {
			return p, fault.New(fault.Invalid, "a list cannot be asked for with more than %d resource types", maxTypes)
		}
	}
	p.Visibility, err = visibilityOf(q, metadef.Public, metadef.Private)
	return p, err
}

// metadefOrder reads sort_key and sort_dir.
func metadefOrder(q query, sorts func(metadef.SortKey) bool) (o metadef.Order, err error) {
	if key, ok := q.get("sort_key"); ok {
		if o.Key = metadef.SortKey(key); !sorts(o.Key) {
			return o, fault.New(fault.Invalid, "the list cannot be sorted by %q", key)
		}
	}
	o.Asc, err = ascending(q)
	return o, err
}

func ascending(q query) (bool, error) {
	dir, ok := q.get("sort_dir")
	if ok && dir != "asc" && dir != "desc" {
		return false, fault.New(fault.Invalid, "the sort direction %q is neither asc nor desc", dir)
	}
	return dir == "asc", nil
}

// visibilityOf reads visibility, which is one of those or empty. Empty is a visibility that nothing has.
func visibilityOf(q query, those ...metadef.Visibility) (*metadef.Visibility, error) {
	text, ok := q.get("visibility")
	if !ok {
		return nil, nil
	}
	v := metadef.Visibility(text)
	for _, known := range those {
		if v == known || text == "" {
			return &v, nil
		}
	}
	return nil, fault.New(fault.Invalid, "there is no visibility %q", text)
}

// createNamespace is POST /v2/metadefs/namespaces (spec metadefs 4.2).
func (a *API) createNamespace(w http.ResponseWriter, r *http.Request) error {
	body, err := a.decodeMetadef(r, a.metadefs.Namespace, "created_at", "updated_at", "self", "schema")
	if err != nil {
		return err
	}
	d, err := definitionOf(body)
	if err != nil {
		return err
	}
	made, err := a.Metadefs.CreateNamespace(r.Context(), d)
	if err != nil {
		return err
	}
	w.Header().Set("Location", middleware.From(r.Context()).BaseURL()+namespacePath(made.Name))
	sendJSON(w, http.StatusCreated, appendNamespace(nil, made, given))
	return nil
}

// showNamespace is GET /v2/metadefs/namespaces/{ns} (spec metadefs 4.3).
func (a *API) showNamespace(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if _, err := visibilityOf(q, metadef.Public, metadef.Private); err != nil {
		return err
	}
	resourceType, _ := q.get("resource_type")
	d, err := a.Metadefs.Namespace(r.Context(), namespaceName(r), resourceType)
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, appendNamespace(nil, d, stored))
	return nil
}

// updateNamespace is PUT /v2/metadefs/namespaces/{ns} (spec metadefs 4.6). Contents in the body are looked at and left
// alone.
func (a *API) updateNamespace(w http.ResponseWriter, r *http.Request) error {
	body, err := a.decodeMetadef(r, a.metadefs.Namespace, "created_at", "updated_at", "self", "schema")
	if err != nil {
		return err
	}
	d, err := definitionOf(body)
	if err != nil {
		return err
	}
	n, err := a.Metadefs.UpdateNamespace(r.Context(), namespaceName(r), d.Namespace)
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, appendNamespace(nil, &metadef.Definition{Namespace: *n}, stored))
	return nil
}

// deleteNamespace is DELETE /v2/metadefs/namespaces/{ns} (spec metadefs 4.7).
func (a *API) deleteNamespace(w http.ResponseWriter, r *http.Request) error {
	return sendNothing(w, a.Metadefs.DeleteNamespace(r.Context(), namespaceName(r)))
}

// deleteContents is DELETE /v2/metadefs/namespaces/{ns}/{kind} (spec metadefs 4.8).
func (a *API) deleteContents(kind metadef.Kind) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return sendNothing(w, a.Metadefs.DeleteContents(r.Context(), namespaceName(r), kind))
	}
}

// decodeMetadef reads a body. Keys that are made up for every answer are forbidden before anything else is looked at
// (spec metadefs 3.1).
func (a *API) decodeMetadef(r *http.Request, s *schema.Schema, readOnly ...string) (map[string]any, error) {
	body, err := a.decodeObject(r)
	if err != nil {
		return nil, err
	}
	if err := refuseKeys(body, readOnly...); err != nil {
		return nil, err
	}
	return body, s.Validate(body)
}

// namespacePath is where a namespace is, from the root of the API. The name can be any text.
func namespacePath(name string) string { return metadefPath + "/" + url.PathEscape(name) }
