package settings

// Protection is the options of property protections.
type Protection struct {
	ProtectionFile   string `name:"property_protection_file" help:"the file that says who may create, read, update and delete which properties; a relative name is looked for where configuration files are; unset: no property is protected"`
	ProtectionFormat string `name:"property_protection_rule_format" default:"roles" choices:"roles,policies" help:"what the values in property_protection_file are: lists of roles, or the name of a rule of the policy each"`
}
