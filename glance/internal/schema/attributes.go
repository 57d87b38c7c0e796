package schema

// uuidPattern takes either case of the hex digits, as the reference does (spec images-api 3.1).
const uuidPattern = `^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$`

// imageProperties is the attributes that every image has.
func imageProperties(f Formats) object {
	return object{
		"id":               about("The identifier of the image: a UUID, of the client's choice or made up by the service", uuid()),
		"name":             about("A name for people; it need not be unique", limited(nullable("string"), 255)),
		"status":           about("What state the image is in", readOnly(enum("queued", "saving", "active", "killed", "deleted", "pending_delete", "deactivated"))),
		"visibility":       about("Who can see and use the image", enum("community", "public", "private", "shared")),
		"protected":        about("Whether the image is safe from being deleted", kind("boolean")),
		"checksum":         about("The MD5 digest of the data, in hexadecimal digits", readOnly(limited(nullable("string"), 32))),
		"owner":            about("The project, or the user, that the image belongs to", limited(nullable("string"), 255)),
		"size":             about("The length of the data in bytes", readOnly(nullable("integer"))),
		"virtual_size":     about("The capacity of the disk inside the data in bytes", readOnly(nullable("integer"))),
		"container_format": about("What the disk is wrapped in", formats(f.Container)),
		"disk_format":      about("The format of the disk", formats(f.Disk)),
		"created_at":       about("When the image was registered", readOnly(kind("string"))),
		"updated_at":       about("When the image was last changed", readOnly(kind("string"))),
		"tags":             about("Short labels, each of which the image bears once", object{"type": "array", "items": limited(kind("string"), 255)}),
		"direct_url":       about("Where the data is stored; shown only if the service is set up to show it", readOnly(kind("string"))),
		"min_ram":          about("The memory that a machine needs to boot the image, in MB", kind("integer")),
		"min_disk":         about("The disk that a machine needs to boot the image, in GB", kind("integer")),
		"self":             about("The URL of the image", readOnly(kind("string"))),
		"file":             about("The URL of the data", readOnly(kind("string"))),
		"schema":           about("The URL of the schema that describes the image", readOnly(kind("string"))),
		"locations":        about("All the places where the data is stored; shown only if the service is set up to show them", object{"type": "array", "items": location()}),
	}
}

func location() object {
	return object{
		"type":       "object",
		"properties": object{"url": limited(kind("string"), 255), "metadata": kind("object")},
		"required":   []any{"url", "metadata"},
	}
}

func kind(name string) object { return object{"type": name} }

func nullable(name string) object { return object{"type": []any{"null", name}} }

func uuid() object { return object{"type": "string", "pattern": uuidPattern} }

func enum(values ...any) object { return object{"type": "string", "enum": values} }

// formats is the operator's choice, or none.
func formats(names []string) object {
	o := nullable("string")
	values := []any{nil}
	for _, n := range names {
		values = append(values, n)
	}
	o["enum"] = values
	return o
}

func about(what string, o object) object {
	o["description"] = what
	return o
}

func limited(o object, longest int) object {
	o["maxLength"] = float64(longest)
	return o
}

func readOnly(o object) object {
	o["readOnly"] = true
	return o
}

// links pairs relations with the URLs that they lead to.
func links(pairs ...string) []any {
	var all []any
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, object{"rel": pairs[i], "href": pairs[i+1]})
	}
	return all
}
