// Package egress decides where the service may go for a user, and goes there. Whoever names a URL that the service then
// reads could make it read for him what he cannot reach himself: the machine it runs on, the metadata service of the
// cloud, the network behind the firewall. So every URL from a user passes a Filter, is read through a Client of that
// Filter only, and passes again whenever it is read (spec security 2.6).
//
// # Options
//
// All are in the section import_filtering_opts. Of each pair the second counts only while the first is empty.
//
//	allowed_schemes, disallowed_schemes   of imports; only http and https can be read at all
//	allowed_hosts, disallowed_hosts       names and addresses, without wildcards
//	allowed_ports, disallowed_ports       of imports; also the port that a URL leaves to its scheme
//	allow_private_networks                whether addresses of private networks may be read, true if nothing is said
//
// Loopback, link-local, multicast and unspecified addresses are refused, and so is the address on which the service
// itself listens, unless the host is in allowed_hosts. A host is compared as it is written, a name as a name: to let
// http://localhost/ pass, allow localhost, not 127.0.0.1. An address in disallowed_hosts is refused for the names that
// lead to it, too.
//
// # Imports and locations
//
// An Import obeys all options. A Location, where the data of an image is said to be, may be on any port and have a user
// and a password in it, as clouds are full of such; and disallowed_hosts counts for it also beside allowed_hosts.
//
// # What the client is told
//
// Nothing. A URL that is refused, a host that does not exist and a server that answers with an error all give the same
// fault.Invalid with the same text, or the answers would be a map of the network (spec security S153). Its cause, for the
// log, names the host and the reason. No error and no log line has a path, a query or a password of a URL in it.
package egress
