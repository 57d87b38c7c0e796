package schema

import "maps"

// Documents returns the documents that are published below /v2/schemas, by the last part of their path (spec images-api
// 15). Nobody changes them.
func (i *Image) Documents() map[string]map[string]any {
	member, task := memberDocument(), taskDocument()
	return map[string]map[string]any{
		"image":   i.document,
		"images":  paged("images", i.document),
		"member":  member,
		"members": list("members", member),
		"task":    task,
		"tasks":   list("tasks", brief(task)),
	}
}

// list is the document of a list that comes as a whole.
func list(name string, item object) object {
	return object{
		"name":       name,
		"properties": object{name: object{"type": "array", "items": item}, "schema": kind("string")},
		"links":      links("describedby", "{schema}"),
	}
}

// paged is the document of a list that comes in pages.
func paged(name string, item object) object {
	return object{
		"name": name,
		"properties": object{
			name: object{"type": "array", "items": item}, "first": kind("string"), "next": kind("string"), "schema": kind("string"),
		},
		"links": links("first", "{first}", "next", "{next}", "describedby", "{schema}"),
	}
}

func memberDocument() object {
	return object{"name": "member", "properties": object{
		"member_id":  about("The project, or the user, that the image is shared with", kind("string")),
		"image_id":   about("The identifier of the image", uuid()),
		"created_at": about("When the member was added", kind("string")),
		"updated_at": about("When the member was last changed", kind("string")),
		"status":     about("What the member thinks of it: the image is in his lists once he has accepted", enum("pending", "accepted", "rejected")),
		"schema":     readOnly(kind("string")),
	}}
}

func taskDocument() object {
	return object{"name": "task", "properties": object{
		"id":         about("The identifier of the task", uuid()),
		"type":       about("What the task does", enum("import", "api_image_import")),
		"status":     about("How far the task has come", enum("pending", "processing", "success", "failure")),
		"input":      about("What the task was given", nullable("object")),
		"result":     about("What has come of the task, when it ended well", nullable("object")),
		"owner":      about("The project, or the user, that the task belongs to", kind("string")),
		"message":    about("What there is to say of the task, mostly why it failed", kind("string")),
		"expires_at": about("When the task may be forgotten", nullable("string")),
		"created_at": about("When the task was registered", kind("string")),
		"updated_at": about("When the task was last changed", kind("string")),
		"self":       readOnly(kind("string")),
		"schema":     readOnly(kind("string")),
	}}
}

// brief is a task without what can be long; lists leave it out.
func brief(task object) object {
	all, _ := task["properties"].(object)
	few := maps.Clone(all)
	for _, name := range []string{"input", "result", "message"} {
		delete(few, name)
	}
	return object{"name": task["name"], "properties": few}
}
