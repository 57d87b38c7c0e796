package api

import (
	"net/http"

	"goglance/glance/fault"
	"goglance/glance/metadef"
)

// listResourceTypes is GET /v2/metadefs/resource_types (spec metadefs 8).
func (a *API) listResourceTypes(w http.ResponseWriter, r *http.Request) error {
	types, err := a.Metadefs.ResourceTypes(r.Context())
	if err != nil {
		return err
	}
	var o object
	o.list("resource_types", len(types), func(buf []byte, i int) []byte {
		var one object
		one.string("name", types[i].Name)
		one.times(types[i].CreatedAt, types[i].UpdatedAt)
		return append(buf, one.end()...)
	})
	sendJSON(w, http.StatusOK, o.end())
	return nil
}

// listAssociations is GET /v2/metadefs/namespaces/{ns}/resource_types.
func (a *API) listAssociations(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Metadefs.Associations(r.Context(), namespaceName(r))
	if err != nil {
		return err
	}
	var o object
	o.list("resource_type_associations", len(all), func(buf []byte, i int) []byte { return appendAssociation(buf, all[i]) })
	sendJSON(w, http.StatusOK, o.end())
	return nil
}

// addAssociation is POST /v2/metadefs/namespaces/{ns}/resource_types.
func (a *API) addAssociation(w http.ResponseWriter, r *http.Request) error {
	body, err := a.decodeMetadef(r, a.metadefs.Association, "created_at", "updated_at")
	if err != nil {
		return err
	}
	wanted, err := associationOf(body)
	if err != nil {
		return err
	}
	made, err := a.Metadefs.AddAssociation(r.Context(), namespaceName(r), wanted)
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusCreated, appendAssociation(nil, *made))
	return nil
}

// deleteAssociation is DELETE /v2/metadefs/namespaces/{ns}/resource_types/{name}.
func (a *API) deleteAssociation(w http.ResponseWriter, r *http.Request) error {
	return sendNothing(w, a.Metadefs.DeleteAssociation(r.Context(), namespaceName(r), contentName(r)))
}

// listObjects is GET /v2/metadefs/namespaces/{ns}/objects (spec metadefs 5). The parameters of a page are looked at, and
// all objects come. The link has no slash at its beginning, for whatever reason the reference's has none.
func (a *API) listObjects(w http.ResponseWriter, r *http.Request) error {
	if err := checkObjectsQuery(r); err != nil {
		return err
	}
	ns := namespaceName(r)
	all, err := a.Metadefs.Objects(r.Context(), ns)
	if err != nil {
		return err
	}
	var o object
	o.list("objects", len(all), func(buf []byte, i int) []byte { return appendObject(buf, ns, all[i]) })
	o.string("schema", "v2/schemas/metadefs/objects")
	sendJSON(w, http.StatusOK, o.end())
	return nil
}

func checkObjectsQuery(r *http.Request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if limit, ok := q.get("limit"); ok {
		if n, err := parseLimit(limit); err != nil || n == 0 {
			return fault.New(fault.Invalid, "limit must be an integer of at least 1")
		}
	}
	if _, err := ascending(q); err != nil {
		return err
	}
	_, err = visibilityOf(q, metadef.Public, metadef.Private, "shared")
	return err
}

// showObject is GET /v2/metadefs/namespaces/{ns}/objects/{name}.
func (a *API) showObject(w http.ResponseWriter, r *http.Request) error {
	o, err := a.Metadefs.Object(r.Context(), namespaceName(r), contentName(r))
	return sendObject(w, r, o, err)
}

// addObject is POST /v2/metadefs/namespaces/{ns}/objects.
func (a *API) addObject(w http.ResponseWriter, r *http.Request) error {
	o, err := a.decodeMetadefObject(r)
	if err != nil {
		return err
	}
	made, err := a.Metadefs.AddObject(r.Context(), namespaceName(r), o)
	return sendObject(w, r, made, err)
}

// updateObject is PUT /v2/metadefs/namespaces/{ns}/objects/{name}.
func (a *API) updateObject(w http.ResponseWriter, r *http.Request) error {
	o, err := a.decodeMetadefObject(r)
	if err != nil {
		return err
	}
	now, err := a.Metadefs.UpdateObject(r.Context(), namespaceName(r), contentName(r), o)
	return sendObject(w, r, now, err)
}

// deleteObject is DELETE /v2/metadefs/namespaces/{ns}/objects/{name}.
func (a *API) deleteObject(w http.ResponseWriter, r *http.Request) error {
	return sendNothing(w, a.Metadefs.DeleteObject(r.Context(), namespaceName(r), contentName(r)))
}

func (a *API) decodeMetadefObject(r *http.Request) (metadef.Object, error) {
	body, err := a.decodeMetadef(r, a.metadefs.Object, "created_at", "updated_at", "self", "schema")
	if err != nil {
		return metadef.Object{}, err
	}
	return objectOf(body)
}

// listProperties is GET /v2/metadefs/namespaces/{ns}/properties (spec metadefs 6).
func (a *API) listProperties(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Metadefs.Properties(r.Context(), namespaceName(r))
	if err != nil {
		return err
	}
	var o object
	o.key("properties")
	o.buf = appendProperties(o.buf, all)
	sendJSON(w, http.StatusOK, o.end())
	return nil
}

// showProperty is GET /v2/metadefs/namespaces/{ns}/properties/{name}.
func (a *API) showProperty(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	resourceType, _ := q.get("resource_type")
	p, err := a.Metadefs.Property(r.Context(), namespaceName(r), contentName(r), resourceType)
	return sendProperty(w, r, p, err)
}

// addProperty is POST /v2/metadefs/namespaces/{ns}/properties.
func (a *API) addProperty(w http.ResponseWriter, r *http.Request) error {
	p, err := a.decodeProperty(r)
	if err != nil {
		return err
	}
	made, err := a.Metadefs.AddProperty(r.Context(), namespaceName(r), p)
	return sendProperty(w, r, made, err)
}

// updateProperty is PUT /v2/metadefs/namespaces/{ns}/properties/{name}.
func (a *API) updateProperty(w http.ResponseWriter, r *http.Request) error {
	p, err := a.decodeProperty(r)
	if err != nil {
		return err
	}
	now, err := a.Metadefs.UpdateProperty(r.Context(), namespaceName(r), contentName(r), p)
	return sendProperty(w, r, now, err)
}

// deleteProperty is DELETE /v2/metadefs/namespaces/{ns}/properties/{name}.
func (a *API) deleteProperty(w http.ResponseWriter, r *http.Request) error {
	return sendNothing(w, a.Metadefs.DeleteProperty(r.Context(), namespaceName(r), contentName(r)))
}

func (a *API) decodeProperty(r *http.Request) (p metadef.Property, err error) {
	body, err := a.decodeMetadef(r, a.metadefs.Property, "created_at", "updated_at")
	if err != nil {
		return p, err
	}
	p.Name, _ = body["name"].(string)
	p.Schema, err = metadef.Schema(body).Typed()
	return p, err
}
