package schema

// NewTask returns the schema of what clients send about a task: what is published, and no other keys (spec tasks-import
// A.6).
func NewTask() (*Schema, error) {
	doc := taskDocument()
	doc["additionalProperties"] = false
	return compile(doc)
}
