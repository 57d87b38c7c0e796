// Package httpstore reads image data from web servers. It is read-only: users, where the service lets them, or its
// operator register a URL as the location of an image.
//
// # Options
//
// All are in the section glance_store.
//
//	https_ca_certificates_file  PEM file of the authorities that https servers are verified against
//	https_insecure              without that file: true leaves servers unverified, false takes the system's authorities
//	http_proxy_information      proxies, each scheme:host:port as in http:10.0.0.1:3128; those of the environment are not used.
//	                            A host must have an address on this machine too, so that it can be judged
//
// https_insecure is true if nothing is said, as in the Python service: whoever is between here and the server can then
// change images. The log has a warning at every start. Set one of the first two.
//
// Which hosts may be read at all is in the section import_filtering_opts (package egress). What was a good location when
// it was registered is judged again whenever it is read.
//
// # Locations
//
//	http://[user:password@]host[:port]/path[?query]   or https://
//
// The server must answer HEAD with the size and GET with the data. Redirects of status 301 and 302 are followed, at most
// 5, and not from https to http. A server that can send parts is asked for the part that is wanted; from any other
// everything before it is read and thrown away. Bytes are taken as they come: nothing is decompressed.
//
// # What goes wrong
//
// A server that answers 404 has not the data, as if the file were gone. One that cannot be reached, or stops in the
// middle, is unavailable (503). Any other answer makes the location unusable, and so does a host that may not be read.
// An answer that is shorter than the server said is never taken for the whole.
package httpstore
