package importer

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"goglance/glance/fault"
)

// processors is the namespace of what an OVF says about processors (spec tasks-import C.6).
const processors = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ProcessorAllocationSettingData"

// maxDepth is how deep elements of a descriptor may lie in each other.
const maxDepth = 64

// descriptor is what is wanted of an OVF.
type descriptor struct {
	href       string // of the file with the disk
	properties map[string]string
}

// parseDescriptor reads an OVF and finds its one disk. wanted are the elements about processors that are properties.
func parseDescriptor(r io.Reader, wanted []string) (descriptor, error) {
	p := &ovf{wanted: wanted, files: map[string]xml.StartElement{}, found: map[string]string{}}
	if err := p.read(xml.NewDecoder(r)); err != nil {
		return descriptor{}, &fault.Error{
			Kind: fault.Invalid, Op: "importer.ovf", Msg: "the descriptor of the OVA cannot be read", Err: errors.New(err.Error()),
		}
	}
	if len(p.disks) != 1 {
		return descriptor{}, fault.New(fault.Invalid, "the descriptor of the OVA lists %d disks; an image has one", len(p.disks))
	}
	file, ok := p.files[attribute(p.disks[0], "fileRef")]
	href := attribute(file, "href")
	switch {
	case !ok || href == "":
		return descriptor{}, fault.New(fault.Invalid, "the descriptor of the OVA names no file for its disk")
	case attribute(file, "compression") != "" && attribute(file, "compression") != "identity", attribute(file, "chunkSize") != "":
		return descriptor{}, fault.New(fault.Invalid, "the disk in the OVA is compressed or in pieces")
	}
	return descriptor{href: href, properties: p.found}, nil
}

// ovf collects what is wanted of a descriptor as it is read. Elements are known by their names without namespaces, of
// which there is one for every version.
type ovf struct {
	wanted []string

	path  []string // names of the elements around
	text  *strings.Builder
	files map[string]xml.StartElement // by id
	disks []xml.StartElement
	found map[string]string
}

// read reads a document. One with a document type is refused, so there are no entities but those of XML itself
// (spec security T2).
func (p *ovf) read(d *xml.Decoder) error {
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch t := token.(type) {
		case xml.Directive:
			return errors.New("a document type")
		case xml.StartElement:
			if len(p.path) == maxDepth {
				return errors.New("too deep")
			}
			p.begin(t.Copy())
		case xml.CharData:
			if p.text != nil {
				p.text.Write(t)
			}
		case xml.EndElement:
			p.end(t.Name)
		}
	}
}

func (p *ovf) begin(e xml.StartElement) {
	p.path = append(p.path, e.Name.Local)
	p.text = nil
	if e.Name.Space == processors && slices.Contains(p.wanted, e.Name.Local) {
		p.text = &strings.Builder{}
	}
	switch strings.Join(p.path, "/") {
	case "Envelope/References/File":
		p.files[attribute(e, "id")] = e
	case "Envelope/DiskSection/Disk":
		p.disks = append(p.disks, e)
	}
}

func (p *ovf) end(name xml.Name) {
	p.path = p.path[:len(p.path)-1]
	if p.text != nil {
		p.found["cim_pasd_"+name.Local] = strings.TrimSpace(p.text.String())
	}
	p.text = nil
}

// attribute returns an attribute of an element, "" if it has none.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
