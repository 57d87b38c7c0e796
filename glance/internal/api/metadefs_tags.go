package api

import (
	"net/http"

	"goglance/glance/fault"
	"goglance/glance/metadef"
)

// listNamespaceTags is GET /v2/metadefs/namespaces/{ns}/tags (spec metadefs 7).
func (a *API) listNamespaceTags(w http.ResponseWriter, r *http.Request) error {
	q, err := tagsPage(r)
	if err != nil {
		return err
	}
	tags, err := a.Metadefs.Tags(r.Context(), namespaceName(r), q)
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, appendTags(nil, tags))
	return nil
}

// tagsPage reads the parameters of a list of tags. Empty ones are none.
func tagsPage(r *http.Request) (metadef.TagQuery, error) {
	page := metadef.TagQuery{Limit: -1}
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return page, err
	}
	page.After, _ = q.get("marker")
	if limit, _ := q.get("limit"); limit != "" {
		if page.Limit, err = parseLimit(limit); err != nil {
			return page, err
		}
	}
	if page.Order, err = metadefOrder(q, metadef.SortKey.SortsTags); err != nil {
		return page, err
	}
	_, err = visibilityOf(q, metadef.Public, metadef.Private, "shared")
	return page, err
}

// replaceNamespaceTags is POST /v2/metadefs/namespaces/{ns}/tags.
func (a *API) replaceNamespaceTags(w http.ResponseWriter, r *http.Request) error {
	body, err := a.decodeMetadef(r, a.metadefs.Tags, "created_at", "updated_at")
	if err != nil {
		return err
	}
	if _, ok := body["tags"]; !ok {
		return fault.New(fault.Invalid, `the body has no "tags"`)
	}
	tags, err := tagsOf(body)
	if err != nil {
		return err
	}
	if err := a.Metadefs.ReplaceTags(r.Context(), namespaceName(r), tags); err != nil {
		return err
	}
	sendJSON(w, http.StatusCreated, appendTags(nil, tags))
	return nil
}

// showNamespaceTag is GET /v2/metadefs/namespaces/{ns}/tags/{name}.
func (a *API) showNamespaceTag(w http.ResponseWriter, r *http.Request) error {
	t, err := a.Metadefs.Tag(r.Context(), namespaceName(r), contentName(r))
	return sendTag(w, r, t, err)
}

// addNamespaceTag is POST /v2/metadefs/namespaces/{ns}/tags/{name}.
func (a *API) addNamespaceTag(w http.ResponseWriter, r *http.Request) error {
	t, err := a.Metadefs.AddTag(r.Context(), namespaceName(r), metadef.Tag{Name: contentName(r)})
	return sendTag(w, r, t, err)
}

// updateNamespaceTag is PUT /v2/metadefs/namespaces/{ns}/tags/{name}.
func (a *API) updateNamespaceTag(w http.ResponseWriter, r *http.Request) error {
	body, err := a.decodeMetadef(r, a.metadefs.Tag, "created_at", "updated_at")
	if err != nil {
		return err
	}
	name, _ := body["name"].(string)
	t, err := a.Metadefs.UpdateTag(r.Context(), namespaceName(r), contentName(r), metadef.Tag{Name: name})
	return sendTag(w, r, t, err)
}

// deleteNamespaceTag is DELETE /v2/metadefs/namespaces/{ns}/tags/{name}.
func (a *API) deleteNamespaceTag(w http.ResponseWriter, r *http.Request) error {
	return sendNothing(w, a.Metadefs.DeleteTag(r.Context(), namespaceName(r), contentName(r)))
}
