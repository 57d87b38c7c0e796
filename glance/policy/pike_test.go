package policy_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"goglance/glance/policy"
)

// shipped is the table of spec tasks-import G: = marks what is for role admin.
const shipped = `
	=context_is_admin =default add_image delete_image get_image get_images modify_image =publicize_image
	communitize_image copy_from download_image upload_image delete_image_location get_image_location
	set_image_location add_member delete_member get_member get_members modify_member =manage_image_cache get_task
	get_tasks add_task modify_task =tasks_api_access deactivate reactivate get_metadef_namespace
	get_metadef_namespaces modify_metadef_namespace add_metadef_namespace get_metadef_object get_metadef_objects
	modify_metadef_object add_metadef_object list_metadef_resource_types get_metadef_resource_type
	add_metadef_resource_type_association get_metadef_property get_metadef_properties modify_metadef_property
	add_metadef_property get_metadef_tag get_metadef_tags modify_metadef_tag add_metadef_tag add_metadef_tags`

func TestPike(t *testing.T) {
	set := subject{policy.Pike(), t}
	if warnings := set.Warnings(); len(warnings) > 0 {
		t.Errorf("warnings: %q", warnings)
	}
	var names []string
	for _, name := range strings.Fields(shipped) {
		name, adminOnly := strings.CutPrefix(name, "=")
		names = append(names, name)
		if got := set.allows(name, caller("member"), policy.NoTarget{}); got == adminOnly {
			t.Errorf("%s: allowed to a member: %v", name, got)
		}
		if !set.allows(name, caller("admin"), policy.NoTarget{}) {
			t.Errorf("%s: denied to an admin", name)
		}
	}
	slices.Sort(names)
	if got := slices.Sorted(maps.Keys(policy.PikeRules())); !slices.Equal(got, names) {
		t.Errorf("rules %q, want %q", got, names)
	}
	if set.allows("delete_metadef_tag", caller("member"), nil) || !set.allows("unlisted", caller("admin"), nil) {
		t.Error("an action that is not listed is not admin-only")
	}
}

func TestPikeRulesAreTheCallersOwn(t *testing.T) {
	rules := policy.PikeRules()
	rules["get_image"] = "!"
	if policy.PikeRules()["get_image"] != "" || !(subject{policy.Pike(), t}).allows("get_image", caller(), nil) {
		t.Error("a change of one copy shows in another")
	}
}
