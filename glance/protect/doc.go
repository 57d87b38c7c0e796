// Package protect says who may create, read, update and delete which properties of images: the property protections of
// the reference, from the same files (spec images-api 12).
//
// # The file
//
// A section is a regular expression over names of properties. The first section that is found anywhere in a name
// decides alone; write ^ and $ where the whole name is meant. A name that no section is found in is closed to everybody.
// Upper and lower case are different.
//
//	[^billing_]
//	create = admin
//	read   = admin, billing
//	update = admin
//	delete = !
//
//	[.*]
//	create = @
//	read   = @
//	update = @
//	delete = @
//
// All four keys are needed. In a file of roles a value is a list of roles; one of them is enough. In a file of policies
// it is the name of one rule of the policy, which is asked about nothing in particular: a rule with %(owner)s in it
// says no. In both, @ is everybody, and ! or no value at all is nobody. An administrator is nobody special. A file
// without sections protects nothing.
//
// Keys may be written in any case, behind them stands = or :. A line that is indented further than its key goes on with
// the value. Lines that begin with # or ; are comments, and so is what follows a ; behind white space. What is left out
// of a section is taken from a section [DEFAULT], which protects no property itself. A per cent sign is written %%.
//
// # Mistakes
//
// A file that is not understood as a whole is refused, with the number of the line: a section or a key that is there
// twice, a key of another name, @ together with !, a list of policies, an expression that the engine does not know. It
// is Go's engine, whose time grows with the length of a name and never explodes. It reads what Python's knows but
// look-around, references to groups and comments; \d, \s, \w and \b know ASCII only.
package protect
