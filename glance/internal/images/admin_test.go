package images

import (
	"testing"

	"goglance/glance/auth"
	"goglance/glance/policy"
	"goglance/glance/settings"
)

// Spec security S08: whatever an authenticator says, an empty option names no role.
func TestAdminRole(t *testing.T) {
	t.Parallel()
	rules, err := policy.Compile(map[string]any{"context_is_admin": "!"}, "")
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		option string
		roles  []string
		want   bool
	}{
		{"admin", []string{"admin"}, true}, {" ADMIN ", []string{"member", "admin"}, true}, {"admin", nil, false},
		{"admin", []string{""}, false}, {"", []string{""}, false}, {" ", []string{""}, false},
		{"\t", []string{"", "\t"}, false}, {"", []string{"admin"}, false},
	}
	for _, row := range rows {
		s := &Images{Config: Config{Options: settings.Images{AdminRole: row.option}, Policy: rules}}
		if got := s.IsAdmin(t.Context(), &auth.Identity{Roles: row.roles}); got != row.want {
			t.Errorf("option %q, roles %q: admin is %v", row.option, row.roles, got)
		}
	}
}
