package inspect

import (
	"strconv"
	"strings"
)

const badDescriptor = "the descriptor is damaged"

// descriptor judges the text of a VMDK that holds its own data. Only lines that such a file needs are allowed: what is
// not known here may mean a file of the host to somebody else.
func (s *sight) descriptor(text string, capacity uint64) {
	folded := strings.ToLower(text)
	if strings.Contains(folded, "parentfilenamehint") {
		s.refuse(backingFile) // also in a comment: qemu searches the whole text
	}
	if strings.Count(folded, "createtype") != 1 || strings.Count(folded, "parentcid") != 1 {
		s.refuse(badDescriptor)
	}
	text = strings.ReplaceAll(text, "\r\n", "\n") // a lone CR would end a line for some readers
	for _, c := range []byte(text) {
		if (c < ' ' && c != '\n' && c != '\t') || c > '~' {
			s.refuse(badDescriptor)
			return
		}
	}
	extents := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		access, _, _ := strings.Cut(line, " ")
		switch {
		case line == "" || line[0] == '#':
		case access == "RW" || access == "RDONLY" || access == "NOACCESS":
			extents++
			s.extent(line, capacity)
		default:
			s.entry(line)
		}
	}
	if extents != 1 {
		s.refuse(elsewhere)
	}
}

// extent judges a line like `RW 2048 SPARSE "disk.vmdk"`, which must mean the file itself: a name and no path.
func (s *sight) extent(line string, capacity uint64) {
	part := strings.SplitN(line, " ", 4)
	if len(part) < 4 || part[2] != "SPARSE" {
		s.refuse(elsewhere)
		return
	}
	sectors, err := strconv.ParseUint(part[1], 10, 63)
	if err != nil || sectors > capacity {
		s.refuse(badDescriptor)
	}
	name := part[3]
	if len(name) < 3 || name[0] != '"' || strings.IndexByte(name[1:], '"') != len(name)-2 {
		s.refuse(badDescriptor)
		return
	}
	if strings.ContainsAny(name, `/\:`) {
		s.refuse(elsewhere)
	}
}

// entry judges a line like `key="value"`.
func (s *sight) entry(line string) {
	key, value, ok := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `"`)
	switch {
	case !ok:
		s.refuse(badDescriptor)
	case key == "version" || key == "encoding" || key == "CID":
	case key == "createType" && (value == "monolithicSparse" || value == "streamOptimized"):
	case key == "createType":
		s.refuse(elsewhere)
	case key == "parentCID" && strings.EqualFold(value, "ffffffff"):
	case key == "isNativeSnapshot" && value == "no":
	case strings.HasPrefix(key, "ddb.uuid.parent") && strings.Trim(value, "0-") == "": // VirtualBox says that there is none
	case key == "parentCID" || key == "isNativeSnapshot" || strings.Contains(strings.ToLower(key), "parent"):
		s.refuse(backingFile)
	case strings.HasPrefix(key, "ddb."): // geometry, adapter, tools: numbers and names of hardware
	default:
		s.refuse("the descriptor has an unknown entry")
	}
}
