// Package shipped holds the definition files that come with the service: those of the reference, by name, type, values,
// defaults, operators, associations and prefixes, with titles and descriptions of our own (spec metadefs 16, 17). Where
// the reference has a misprint in a name or value (Hazlecast, Coretx-A7, port 3606 of MySQL) it stays: images and flavors
// already carry these words.
package shipped

import (
	"embed"
	"io/fs"
)

//go:embed *.json
var files embed.FS

// Files returns the definition files, all in one folder.
func Files() fs.FS { return files }
