package policy

// everybody lists the actions that the policy file shipped with Pike leaves open to everybody.
func everybody() []string {
	return []string{
		"add_image", "delete_image", "get_image", "get_images", "modify_image",
		"communitize_image", "copy_from", "download_image", "upload_image",
		"delete_image_location", "get_image_location", "set_image_location",
		"add_member", "delete_member", "get_member", "get_members", "modify_member",
		"get_task", "get_tasks", "add_task", "modify_task",
		"deactivate", "reactivate",
		"get_metadef_namespace", "get_metadef_namespaces", "modify_metadef_namespace", "add_metadef_namespace",
		"get_metadef_object", "get_metadef_objects", "modify_metadef_object", "add_metadef_object",
		"list_metadef_resource_types", "get_metadef_resource_type", "add_metadef_resource_type_association",
		"get_metadef_property", "get_metadef_properties", "modify_metadef_property", "add_metadef_property",
		"get_metadef_tag", "get_metadef_tags", "modify_metadef_tag", "add_metadef_tag", "add_metadef_tags",
	}
}

// PikeRules returns the rules of the policy file shipped with Pike, for [Compile] with the default rule "default".
// The map is the caller's own: change a rule and compile.
func PikeRules() map[string]any {
	const admin = "role:admin"
	rules := map[string]any{
		"default":            admin, // every action that is not listed
		"context_is_admin":   admin,
		"publicize_image":    admin,
		"manage_image_cache": admin,
		"tasks_api_access":   admin,
	}
	for _, action := range everybody() {
		rules[action] = ""
	}
	return rules
}

// Pike returns the rules of the policy file shipped with Pike, ready to use.
func Pike() *Rules {
	rules, err := Compile(PikeRules(), "default")
	if err != nil {
		return &Rules{} // cannot happen, see the tests; and if it did, nobody would get in
	}
	return rules
}
