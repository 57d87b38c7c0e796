// Package importer holds the flows of tasks that give images their data: URL, of the task type import, and Staged, of the
// type api_image_import. A flow is a list of steps with a file each (spec tasks-import C, D); package tasks runs flows and
// keeps the books.
//
// # import
//
// The image is made by images.Create and gets its data by images.Upload, in the name of who made the task: what he may
// not do with a request he cannot do with a task. In between the data lies in a scratch file that has no name: an open
// file in work_dir that was unlinked when it was made. Nobody can put another in its place (spec security S70, S122,
// S126), and however this process ends, the kernel frees it; there is nothing to tidy up after a crash.
//
// A task that fails leaves its image queued, without data, as the reference does (spec tasks-import C.4).
//
// # What its user is told
//
// Why a URL cannot be read, nobody is told (package egress). Once a server that may be read sends data, messages say what
// is wrong with it, as who got that far could have had the data itself.
package importer
