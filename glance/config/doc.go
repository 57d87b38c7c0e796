// Package config reads an operator's configuration and makes the parts of a service from it.
//
// # Files
//
// A service is configured with the files that it had before: INI files in the dialect of oslo.config, as described in
// package [goglance/glance/config/ini], or TOML files, whose names end in .toml, with the same names:
//
//	[DEFAULT]                                        [DEFAULT]
//	bind_port = 9292                                 bind_port = 9292
//	debug = true                                     debug = true
//	[glance_store]                                   [glance_store]
//	stores = file,http                               stores = ["file", "http"]
//	filesystem_store_datadirs = /ssd:200             filesystem_store_datadirs = ["/ssd:200", "/disk"]
//	filesystem_store_datadirs = /disk
//
// In TOML options of [DEFAULT] may also stand before the first table, a list is an array, and so is an option that is
// written several times in INI. Sample writes a file of either form with every option, its help and its default.
//
// Files are read in the order in which the command line names them, and a folder where it is named: all its files
// *.conf and *.toml, sorted by name. What a later file says wins; of an option that may be given several times, all
// counts. If the command line names no file, glance.conf and then PROGRAM.conf are read, if it names no folder,
// glance.conf.d and PROGRAM.conf.d, each where it is found first: ~/.glance, ~, /etc/glance, /etc. In place of
// NAME.conf there may be NAME.toml.
//
// Stronger than files is the environment: OS_<GROUP>__<NAME>, in capitals, as OS_DEFAULT__BIND_PORT=9393. The command
// line is stronger still. Both replace an option that may be given several times.
//
// Sections are compared in any letter case (but it is DEFAULT), names of options exactly. A deprecated name of an option
// is read where the name itself is not in the same file, with a warning.
//
// # Values
//
//	boolean      true, 1, on, yes; false, 0, off, no; in any letter case
//	integer      decimal digits; nothing is as if the option were not there
//	seconds      an integer
//	list         a,b,c or [a, 'b', "c"]
//	pairs        a:b,c:d
//
// $name, ${name} and ${group.name} stand for the value of another option, of the same section or else of DEFAULT, after
// all files have been read. A dollar sign itself is $$ or \$. An option without a value counts as not set where it names
// a file, a key, an address.
//
// # Other files
//
// What these options name is looked for beside the configuration files, those read last first, then in ~/.glance, ~,
// /etc/glance and /etc, unless it is an absolute path:
//
//	[oslo_policy] policy_file, policy_dirs   who may do what; see package policy. Without policy.json the rules that the
//	                                         reference then has: nearly everything is open, and warnings say what
//	[DEFAULT] property_protection_file       who may do what to which properties; see package protect
//	[paste_deploy] config_file               the pipelines, see package paste; also looked for in the working folder. If
//	                                         it is not set: NAME-paste.ini, for the last configuration file NAME.conf. If
//	                                         that is not there: the pipelines that the reference ships
//	schema-image.json                        properties of images that the schema declares
//
// Settings in the section of a filter of the paste file win over options.
//
// Without any configuration file none of these is looked for.
//
// # What is not here
//
// Options that nobody knows are ignored: files serve other releases too. Options of the reference that have no effect
// here are named in a warning when they are set. Where such an option restricts who may do what, or protects data, the
// service does not start: it would be less safe than its configuration says.
package config
