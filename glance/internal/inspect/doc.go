// Package inspect looks at the headers of disk images while their bytes stream past, and says what the bytes are,
// how large the disk in them is, and why they must not become an image: a qcow2 that names a backing file, a VMDK
// whose extent is a file of the host, data that fits two formats. Such an image is harmless on our disk and reads
// files of the host that opens it later (spec security 1.3 P36-P41, 1.7); nobody behind us can tell any more who
// sent it.
//
// An Inspector is an io.Writer beside the store. It never waits, never fails and never reads anything but the bytes
// written to it. What it keeps is bounded whatever the bytes say: at most MaxHeld. Offsets and lengths in headers are
// an attacker's: every one is checked before it is used, and a format asks for ranges of the stream (sight.ask) that
// the engine collects when they pass. A range that has already passed cannot be had any more, and no valid image of
// the formats here needs one beyond the first 4 KiB, which are kept. Bytes outside those ranges are not looked at, so
// gigabytes of content cost next to nothing. The result is the same however the stream is cut into writes.
//
// The table of formats is in table.go; each format has a file of its own. Rule: where readers of a format are known to
// disagree (two copies of a header, text behind a NUL, a footer unlike the header), the image is refused, because one
// of them sees what we did not. A header that is damaged is refused too, and never taken for raw: a reader may forgive
// what we do not.
package inspect
