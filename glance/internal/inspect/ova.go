package inspect

import (
	"bytes"
	"strconv"
	"strings"
)

const (
	ovaMaxMembers = 1000
	ovaMaxText    = 8 << 20 // of the .ovf
)

// ova walks an archive: plain files without folders, one .ovf and it first. Every other file is inspected as an image
// of its own, because that is what will be made of it.
type ova struct {
	*sight
	members int
}

func readOVA(s *sight) {
	s.seen = false // a tar so far
	o := &ova{sight: s}
	o.member(0)
}

// member reads the tar header at off.
func (o *ova) member(off int64) {
	o.ask(off, 512, func(b []byte) {
		if len(b) == 512 && zero(b) {
			return // the end of the archive
		}
		if len(b) < 512 || !tarSum(b) {
			o.refuse(damaged)
			return
		}
		name, text := tarName(b), false
		switch {
		case strings.HasSuffix(strings.ToLower(name), ".ovf"):
			if o.seen {
				o.refuse("it has more than one OVF")
			}
			o.seen, text = true, true
		case !o.seen:
			return // some other archive
		}
		o.content(b, off+512, name, text)
	})
}

// content judges a member of which the bytes stand at off, and goes on behind it.
func (o *ova) content(b []byte, off int64, name string, text bool) {
	size, ok := tarSize(b[124:136])
	o.members++
	switch {
	case !ok || size > 1<<62-off:
		o.refuse(badSize)
		return
	case b[156] != '0' && b[156] != 0:
		o.refuse("it has something else than plain files")
		return
	case name == "" || strings.ContainsAny(name, `/\`) || name == "." || name == "..":
		o.refuse("it has names with a path")
		return
	case text && size > ovaMaxText, o.members > ovaMaxMembers, o.in.inner:
		o.refuse(tooDeep)
		return
	}
	next := func(whole bool) {
		if !whole {
			o.refuse(damaged)
			return
		}
		o.member(off + (size+511)&^511)
	}
	inner := &Inspector{inner: true}
	o.pass(off, size, inner, func(whole bool) {
		for _, reason := range inner.Report(-1).Unsafe {
			o.refuse("a file in it: " + reason)
		}
		next(whole)
	})
}

// tarSum checks the sum of a header, its own field counted as blanks.
func tarSum(b []byte) bool {
	want, ok := tarSize(b[148:156])
	sum := int64(8 * ' ')
	for k, c := range b[:512] {
		if k < 148 || k >= 156 {
			sum += int64(c)
		}
	}
	return ok && sum == want
}

// tarName returns the name with its prefix.
func tarName(b []byte) string {
	name := string(cut(b[:100]))
	if prefix := cut(b[345:500]); bytes.HasPrefix(b[257:], []byte("ustar\x00")) && len(prefix) > 0 {
		return string(prefix) + "/" + name
	}
	return name
}

// cut ends b before the first NUL.
func cut(b []byte) []byte {
	before, _, _ := bytes.Cut(b, []byte{0})
	return before
}

// tarSize reads a number: octal text, or binary for those of 8 GiB and more.
func tarSize(b []byte) (int64, bool) {
	if b[0]&0x80 == 0 {
		n, err := strconv.ParseInt(strings.Trim(string(cut(b)), " "), 8, 63)
		return n, err == nil && n >= 0
	}
	n := int64(b[0] & 0x7f)
	for _, c := range b[1:] {
		if n > 1<<54 {
			return 0, false
		}
		n = n<<8 | int64(c)
	}
	return n, true
}
