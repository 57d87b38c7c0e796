// Package keystone checks tokens at Keystone: the authtoken filter (spec operations 7) as an auth.Authenticator.
//
// # What is believed
//
// The token in X-Auth-Token (or X-Storage-Token), and the service token in X-Service-Token, and no other header of a
// request. Identity headers that a client sends are never read, so there is nothing to strip (spec security P91, S01).
// A token is a header's value here: it is never in a URL, a log or an error, and caches know it by a hash only.
//
// # What Keystone costs
//
// A token that was found good is believed for token_cache_time, and never beyond its own expiry: so long may a token
// that was revoked, or whose project was disabled, still be used (spec security P88, P90, P93). One that was found bad is
// refused for a few seconds without asking again. Requests with the same token that come at once wait for one question.
// A client that leaves does not end the question that others wait for.
//
// Every question has a timeout, also when none is configured, and a few retries when no connection comes about; a
// Keystone that hangs or is down makes requests whose tokens are not cached fail with fault.Unavailable, and nothing
// else. It is asked again by the next request: recovery needs no hand.
//
// # Caches
//
// The cache in this process holds identities that are ready to use. With memcached_servers the tokens found good are
// also shared with other processes and services, in the form of the reference (spec operations 7.5). What comes from
// there is of an age that nobody knows, so it is not put in the cache of this process: a token would live longer than
// token_cache_time. A memcached that is down is a cache that is empty.
//
// With memcache_security_strategy the entries are authenticated, or encrypted and authenticated; one that does not fit is
// no entry (spec security P86). Without, whoever can write to memcached can be anybody: Warnings says so.
//
// # Versions
//
// The Identity API v3 alone is spoken; v2.0 has been gone from Keystone since its Queens release.
package keystone
