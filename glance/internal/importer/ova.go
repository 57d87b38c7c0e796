package importer

import (
	"archive/tar"
	"errors"
	"io"
	"path"
	"strings"

	"goglance/glance/fault"
)

const (
	maxOVF     = 1 << 20 // bytes of a descriptor
	maxMembers = 10000   // of an archive that are looked at
)

// findMember returns the first regular file of an archive that fits, to be read from the returned reader. Links, devices,
// folders and files with holes are none (spec security T1): nothing of an archive but the bytes of a file is ever used.
// nil: there is none.
func findMember(archive io.Reader, fits func(name string) bool) (*tar.Header, io.Reader, error) {
	all := tar.NewReader(archive)
	for range maxMembers {
		h, err := all.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil, nil
		case err != nil:
			return nil, nil, badArchive(err)
		case h.Typeflag == tar.TypeReg && !sparseMember(h) && fits(h.Name):
			return h, &member{all}, nil
		}
	}
	return nil, nil, badArchive(errors.New("too many members"))
}

// sparseMember reports whether a file claims to have holes in a way that shows in no type.
func sparseMember(h *tar.Header) bool {
	for name := range h.PAXRecords {
		if strings.HasPrefix(name, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// member is the bytes of a file in an archive.
type member struct{ io.Reader }

// Read reads on.
func (m *member) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // an io.EOF inside another error is no end
		err = badArchive(err)
	}
	return n, err
}

func badArchive(cause error) error {
	return &fault.Error{Kind: fault.Invalid, Op: "importer.ova", Msg: "the OVA is damaged, or no archive at all", Err: errors.New(cause.Error())}
}

// readDescriptor reads the first descriptor of an OVA.
func readDescriptor(archive io.Reader, wanted []string) (descriptor, error) {
	h, text, err := findMember(archive, func(name string) bool { return strings.HasSuffix(name, ".ovf") })
	switch {
	case err != nil:
		return descriptor{}, err
	case h == nil:
		return descriptor{}, fault.New(fault.Invalid, "the OVA has no descriptor: no member ends in .ovf")
	case h.Size > maxOVF:
		return descriptor{}, fault.New(fault.Invalid, "the descriptor of the OVA has more than %d bytes", maxOVF)
	}
	return parseDescriptor(text, wanted)
}

// findDisk returns the bytes of the file that a descriptor calls href. Descriptor and disk lie side by side, so only the
// last part of a name counts.
func findDisk(archive io.Reader, href string) (io.Reader, error) {
	name := path.Base(href)
	h, disk, err := findMember(archive, func(member string) bool { return path.Base(member) == name })
	if err == nil && h == nil {
		err = fault.New(fault.Invalid, "the disk that the descriptor of the OVA names is not in the OVA")
	}
	return disk, err
}
