package settings

// Policy is the options of the policy file.
type Policy struct {
	PolicyFile  string   `name:"policy_file" group:"oslo_policy" default:"policy.json" deprecated:"DEFAULT/policy_file" help:"the file of rules that say who may do what, JSON or YAML; a relative name is looked for where configuration files are"`
	DefaultRule string   `name:"policy_default_rule" group:"oslo_policy" default:"default" deprecated:"DEFAULT/policy_default_rule" help:"the rule that decides where a rule is missing; a name that is not in the file: what has no rule is refused"`
	PolicyDirs  []string `name:"policy_dirs" group:"oslo_policy" default:"policy.d" multi:"true" deprecated:"DEFAULT/policy_dirs" help:"folders of further policy files, whose rules replace those of policy_file; not read when there is no policy_file"`
}
