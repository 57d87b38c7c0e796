// Package deffile brings metadata definition files into a database, and writes them: what glance-manage does for
// db load_metadefs, unload_metadefs and export_metadefs, and what a new embedded database begins with.
//
// # Format
//
// A file is a JSON object with one namespace (spec metadefs 14):
//
//	namespace                     its name; required
//	display_name, description     text
//	visibility                    public or private; without it only the owner and administrators see the namespace
//	protected                     true: nothing in it can be deleted over the API
//	owner                         a project; "admin" if there is none
//	resource_type_associations    [{"name": TYPE, "prefix": TEXT, "properties_target": TEXT}, ...]
//	properties                    {NAME: SCHEMA, ...}
//	objects                       [{"name": NAME, "description": TEXT, "properties": {NAME: SCHEMA, ...}}, ...]
//	tags                          [{"name": NAME}, ...]
//
// null is as if a key were not there; other keys are ignored. A schema is stored as it stands; what the API cannot show
// of it is a warning.
//
// # All or nothing
//
// The reference commits each statement, goes on past files that it cannot read, and leaves half a namespace behind where
// it stops. Here every file is read before anything is written, errors name file and place, and what is written is one
// transaction.
//
// # Folders that somebody else writes to
//
// A folder may hold what is meant to do harm (spec security S114), and names of namespaces come from any project. Of a
// folder only regular files in it are read, links out of it are refused, and so is what is too large to be a
// definition. An export makes new files only: a name consists of letters and digits, nothing is written through a link,
// and a file is replaced only if it is an earlier export of the same namespace. In the reference a namespace that is
// displayed as "policy" would overwrite policy.json.
package deffile
