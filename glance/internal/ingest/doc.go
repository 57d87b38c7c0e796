// Package ingest is the one way in for image data, and the one way out: every upload, import and removal of bytes
// goes through it, so that each of its promises is kept in one place.
//
// Put reads a body once: limit, digests beside the write, the store's Put, then size, checksum, location and the
// status active in one transaction. Whatever fails, the image goes back to queued and the store keeps no byte of it.
// A journal on this node's disk knows what is under way, so that a process that dies is tidied up after by the next
// one (Recover), and only after itself: another process may be uploading on the same database and store.
package ingest
