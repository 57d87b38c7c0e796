package importer

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"goglance/glance/fault"
)

// entry is a member of an archive.
type entry struct {
	tar.Header
	text string
}

func file(name, text string) entry { return entry{tar.Header{Name: name}, text} }

// archive makes a tar archive.
func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := e.Header
		h.Mode = 0o644
		if h.Typeflag == 0 {
			h.Typeflag, h.Size = tar.TypeReg, int64(len(e.text))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// link is a member that is no file.
func link(name string, kind byte, target string) entry {
	return entry{tar.Header{Name: name, Typeflag: kind, Linkname: target}, ""}
}

// withSize sets the size in the header of the first member.
func withSize(tarball []byte, octal string) []byte {
	tarball = bytes.Clone(tarball)
	copy(tarball[124:136], octal)
	copy(tarball[148:156], "        ")
	sum := 0
	for _, b := range tarball[:512] {
		sum += int(b)
	}
	digits := []byte("000000\x00 ")
	for i := 5; i >= 0; i-- {
		digits[i] = byte('0' + sum%8)
		sum /= 8
	}
	copy(tarball[148:156], digits)
	return tarball
}

// extract does with an archive what unpack does: the bytes of the disk.
func extract(tarball []byte) (string, error) {
	d, err := readDescriptor(bytes.NewReader(tarball), nil)
	if err != nil {
		return "", err
	}
	disk, err := findDisk(bytes.NewReader(tarball), d.href)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(disk, 1<<20))
	return string(text), err
}

// Spec security T1, S128: of a hostile archive only the bytes of regular files are used.
func TestSecOVATarFixtures(t *testing.T) {
	t.Parallel()
	good := envelope(oneFile, oneDisk, "")
	href := func(name string) string { return envelope(`<File ovf:id="f1" ovf:href="`+name+`"/>`, oneDisk, "") }
	disk := file("disk.vmdk", "the disk")
	rows := []struct {
		name string
		tar  []byte
		want string // the disk, or part of the message
		bad  bool
	}{
		{"good", archive(t, file("a.ovf", good), disk), "the disk", false},
		{"the disk first", archive(t, disk, file("a.ovf", good)), "the disk", false},
		{"in folders", archive(t, file("./x/a.ovf", good), file("./x/disk.vmdk", "the disk")), "the disk", false},
		{"climbing", archive(t, file("../../x.ovf", good), file("../../disk.vmdk", "the disk")), "the disk", false},
		{"absolute", archive(t, file("/abs.ovf", good), file("/etc/disk.vmdk", "the disk")), "the disk", false},
		{"two descriptors", archive(t, file("a.ovf", good), file("b.ovf", "no"), disk), "the disk", false},
		{"a long name", archive(t, file(strings.Repeat("n", 5000)+".ovf", good), disk), "the disk", false},
		{"a symbolic link", archive(t, link("a.ovf", tar.TypeSymlink, "/etc/hosts"), disk), "no descriptor", true},
		{"a link, then a file", archive(t, link("a.ovf", tar.TypeSymlink, "/etc/hosts"), file("b.ovf", good), disk), "the disk", false},
		{"a hard link", archive(t, link("a.ovf", tar.TypeLink, "/etc/hosts"), disk), "no descriptor", true},
		{"a pipe", archive(t, link("a.ovf", tar.TypeFifo, ""), disk), "no descriptor", true},
		{"a device", archive(t, link("a.ovf", tar.TypeBlock, ""), disk), "no descriptor", true},
		{"the disk a link", archive(t, file("a.ovf", good), link("disk.vmdk", tar.TypeSymlink, "/etc/hosts")), "is not in the OVA", true},
		{"a climbing disk", archive(t, file("a.ovf", href("../../etc/hosts")), disk), "is not in the OVA", true},
		{"no such disk", archive(t, file("a.ovf", href("other")), disk), "is not in the OVA", true},
		{"a disk of dots", archive(t, file("a.ovf", href("..")), disk), "is not in the OVA", true},
		{"a huge descriptor", archive(t, file("a.ovf", strings.Repeat("x", maxOVF+1)), disk), "more than", true},
		{"no descriptor", archive(t, disk), "no descriptor", true},
		{"no archive", bytes.Repeat([]byte("x"), 2000), "damaged", true},
		{"empty", nil, "no descriptor", true},
		{"cut", archive(t, file("a.ovf", good), disk)[:700], "cannot be read", true},
		{"a size beyond numbers", withSize(archive(t, file("a.ovf", good), disk), "\x80\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00"), "damaged", true},
		{"a negative size", withSize(archive(t, file("a.ovf", good), disk), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"), "damaged", true},
		{"a size beyond the end", withSize(archive(t, file("a.ovf", good), disk), "00777777777\x00"), "more than", true},
		{"a size told twice", archive(t, entry{tar.Header{Name: "a.ovf", PAXRecords: map[string]string{"GOGLANCE.x": "1"}}, good}, disk), "the disk", false},
	}
	for _, row := range rows {
		got, err := extract(row.tar)
		switch {
		case row.bad && (!fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), row.want)):
			t.Errorf("%s: %q, %v", row.name, got, err)
		case !row.bad && (err != nil || got != row.want):
			t.Errorf("%s: %q, %v", row.name, got, err)
		}
	}
}

// holes is an archive whose member says, in one of two ways, that it has 2^60 bytes, nearly all of them holes.
func holes(t *testing.T, name, text string) []byte {
	t.Helper()
	head := "1\n0\n" + strconv.Itoa(len(text)) + "\n"
	e := file("x", head+strings.Repeat("\x00", 512-len(head))+text)
	e.PAXRecords = map[string]string{
		"AAA.sparse.major": "1", "AAA.sparse.minor": "0", "AAA.sparse.name": name, "AAA.sparse.realsize": "1152921504606846976",
	}
	return bytes.ReplaceAll(archive(t, e), []byte("AAA."), []byte("GNU.")) // a Writer does not write these
}

// Spec security T1: a file with holes is none, whatever size it claims.
func TestSecOVASparse(t *testing.T) {
	t.Parallel()
	good := envelope(oneFile, oneDisk, "")
	whole, _ := strings.CutSuffix(string(archive(t, file("a.ovf", good))), strings.Repeat("\x00", 1024))
	for name, tarball := range map[string][]byte{
		"the descriptor": append(holes(t, "a.ovf", good)[:len(holes(t, "a.ovf", good))-1024], archive(t, file("disk.vmdk", "x"))...),
		"the disk":       append([]byte(whole), holes(t, "disk.vmdk", "the disk")...),
	} {
		if text, err := extract(tarball); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
	old := archive(t, file("a.ovf", good), file("disk.vmdk", "x"))
	old[156] = tar.TypeGNUSparse
	if text, err := extract(withSize(old, string(old[124:136]))); !fault.Is(err, fault.Invalid) {
		t.Errorf("the old way: %q, %v", text, err)
	}
}

// FuzzOVA: whatever an archive says, there are bytes of a disk or an error of the client's.
func FuzzOVA(f *testing.F) {
	good := archive(f, file("a.ovf", envelope(oneFile, oneDisk, oneCPU)), file("disk.vmdk", "the disk"))
	f.Add(good)
	f.Add(good[:600])
	f.Add(archive(f, link("a.ovf", tar.TypeSymlink, "/etc/hosts")))
	f.Fuzz(func(t *testing.T, tarball []byte) {
		if _, err := extract(tarball); err != nil && !fault.Is(err, fault.Invalid) || errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
}
