// Package ingest is the one way in for image data, and the one way out: every upload, import and removal of bytes
// goes through it, so that each of its promises is kept in one place.
//
// Put reads a body once: limit, digests beside the write, the store's Put, then size, checksum, location and the
// status active in one transaction. Whatever fails, the image goes back to queued and the store keeps no byte of it.
// Data may come in two steps: Stage keeps it in a folder, and Import makes it an image's, by a task of its own, without a
// copy where store and folder are of one file system (store.Linker). What is staged belongs to an image that is uploading,
// and goes with it: when the image is given back, becomes active or is deleted.
//
// A journal on this node's disk knows what is under way, so that a process that dies is tidied up after by the next
// one (Recover), and only after itself: another process may be uploading on the same database and store.
package ingest
