// Package file keeps image data as plain files in directories of this machine, or of a filesystem mounted on it.
//
// # Options
//
// All are in the section glance_store.
//
//	filesystem_store_datadir        the one directory for image data; /var/lib/glance/images if nothing is said
//	filesystem_store_datadirs       or several, each as directory[:priority]; instead of filesystem_store_datadir
//	filesystem_store_read_roots     further directories whose images may be read and deleted; nothing new goes there
//	filesystem_store_file_perm      mode of an image's file, octal digits: 640; 0 leaves 0640 less the umask
//	filesystem_store_metadata_file  JSON file that describes where the directories are mounted (see below)
//
// Directories are absolute paths without ".."; a mistake in an option stops the service at its start. A directory
// that does not exist is made, with its parents, mode 0750. One that exists should belong to the service and to
// nobody else: a directory that anybody may write to, or that the service may not, is reported as a warning.
//
// With filesystem_store_datadirs set, the default of filesystem_store_datadir no longer counts, and any other value of
// it is a mistake. What follows the last colon is the priority; without one it is 0. New data goes to a directory of
// the highest priority that has room for it, and among those of one priority to the one with the most free bytes. The
// same directory may not stand there with two priorities, not even by way of a symbolic link.
//
// A file_perm that gives something to the group or to others makes the directories passable (x) for them.
//
// # Layout
//
//	<datadir>/<image id>                    the data of an image; its location is file://<datadir>/<image id>
//	<datadir>/.<image id>.<upload>.part     an upload under way
//
// Directory and file names are those of the Python service, so both can work on one directory. An upload gets its final
// name when all of it is on the disk, and never replaces a file. The .part file of an upload that was cut by a crash is
// removed when the service next starts on that node; it is never served.
//
// # What is read
//
// A location may begin with file:// or filesystem://; what follows is the path as it is, no %20 and no ?query. It must
// be inside a datadir or a read root. This is stricter than the Python service, which reads and deletes whatever path
// the database holds. After moving images to another directory, or when filesystem_store_datadir was a symbolic link
// and is now written differently, name the directory that the locations speak of in filesystem_store_read_roots.
// Only regular files are image data: a symbolic link, a pipe or a device in the place of one counts as missing.
//
// # Metadata
//
// The metadata file is one object or a list of them:
//
//	[{"id": "b9d69795", "mountpoint": "/mnt/images", "share": "nfs://10.0.0.5/images"}]
//
// id and mountpoint must be there; all values are strings, lists or objects, down to the last level. A new image's
// location gets the first object whose mountpoint is the image's directory or one above it. An image in none gets no
// metadata, and the log says so.
//
// # What goes wrong
//
// A full disk or quota gives the client 413, a directory that cannot be written to 503, a file that exists already
// 409. In each case nothing of the upload stays on the disk. An upload that was confirmed has been synced, and so has
// a deletion.
package file
