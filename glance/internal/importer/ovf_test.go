package importer

import (
	"maps"
	"strings"
	"testing"
	"time"

	"goglance/glance/fault"
)

// envelope is an OVF around what is given: files, disks and the rest.
func envelope(files, disks, rest string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:cim="` + processors + `">
<References>` + files + `</References><DiskSection><Info>disks</Info>` + disks + `</DiskSection>` + rest + `</Envelope>`
}

const (
	oneFile = `<File ovf:id="f1" ovf:href="disk.vmdk"/>`
	oneDisk = `<Disk ovf:diskId="d1" ovf:fileRef="f1"/>`
	oneCPU  = `<cim:InstructionSet>
  DMTF:x86_64 </cim:InstructionSet><cim:Other>x</cim:Other><cim:ProcessorArchitecture/><InstructionSet>no</InstructionSet>`
)

// The disk and the properties that are wanted are found; an OVF with none, or more, is refused (spec tasks-import C.6).
func TestDescriptor(t *testing.T) {
	t.Parallel()
	wanted := []string{"ProcessorArchitecture", "InstructionSet"}
	rows := []struct{ name, text, want string }{
		{"good", envelope(oneFile, oneDisk, oneCPU), ""},
		{"of another version", strings.ReplaceAll(envelope(oneFile, oneDisk, oneCPU), "envelope/1", "envelope/2"), ""},
		{"several files", envelope(`<File ovf:id="f0" ovf:href="x"/>`+oneFile, oneDisk, oneCPU), ""},
		{"no disk", envelope(oneFile, "", ""), "lists 0 disks"},
		{"two disks", envelope(oneFile, oneDisk+oneDisk, ""), "lists 2 disks"},
		{"a disk without file", envelope(oneFile, `<Disk ovf:diskId="d1"/>`, ""), "names no file"},
		{"a file that is not there", envelope(oneFile, `<Disk ovf:fileRef="f2"/>`, ""), "names no file"},
		{"a file without name", envelope(`<File ovf:id="f1"/>`, oneDisk, ""), "names no file"},
		{"compressed", envelope(`<File ovf:id="f1" ovf:href="x" ovf:compression="gzip"/>`, oneDisk, ""), "compressed"},
		{"empty", "", "lists 0 disks"},
		{"cut", envelope(oneFile, oneDisk, "")[:300], "cannot be read"},
		{"no XML", "no XML <", "cannot be read"},
		{"another encoding", strings.Replace(envelope(oneFile, oneDisk, ""), "UTF-8", "UTF-16", 1), "cannot be read"},
	}
	for _, row := range rows {
		d, err := parseDescriptor(strings.NewReader(row.text), wanted)
		if row.want != "" {
			if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), row.want) {
				t.Errorf("%s: %v, want %s", row.name, err, row.want)
			}
			continue
		}
		found := map[string]string{"cim_pasd_InstructionSet": "DMTF:x86_64", "cim_pasd_ProcessorArchitecture": ""}
		if err != nil || d.href != "disk.vmdk" || !maps.Equal(d.properties, found) {
			t.Errorf("%s: %+v, %v", row.name, d, err)
		}
	}
}

// hostile are descriptors that mean harm.
func hostile() map[string]string {
	laughs := `<!DOCTYPE x [<!ENTITY a0 "ha">`
	for i := range 9 {
		n := string(rune('0' + i))
		laughs += `<!ENTITY a` + string(rune('1'+i)) + ` "` + strings.Repeat("&a"+n+";", 10) + `">`
	}
	return map[string]string{
		"billion laughs":     laughs + `]>` + envelope(oneFile, oneDisk, "<x>&a9;</x>"),
		"external entity":    `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hosts">]>` + envelope(oneFile, `<Disk ovf:fileRef="&e;"/>`, ""),
		"parameter entity":   `<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:1/"> %e;]>` + envelope(oneFile, oneDisk, ""),
		"unknown entity":     envelope(oneFile, oneDisk, "<x>&e;</x>"),
		"depth":              strings.Repeat("<x>", 100000),
		"a long attribute":   `<Envelope a="` + strings.Repeat("x", 2<<20),
		"a NUL":              envelope(oneFile, oneDisk, "\x00"),
		"two roots unclosed": "<a></a><b>",
	}
}

// Spec security T2: a hostile OVF is a parse error, soon.
func TestSecOVFXMLFixtures(t *testing.T) {
	t.Parallel()
	for name, text := range hostile() {
		begin := time.Now()
		d, err := parseDescriptor(strings.NewReader(text), []string{"x"})
		if !fault.Is(err, fault.Invalid) || strings.Contains(fault.Message(err), "hosts") {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%s takes %v", name, took)
		}
	}
}

// FuzzDescriptor: whatever an OVF says, it is a disk with a name or an error of the client's.
func FuzzDescriptor(f *testing.F) {
	f.Add(envelope(oneFile, oneDisk, oneCPU))
	for _, text := range hostile() {
		if len(text) < 1<<16 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDescriptor(strings.NewReader(text), []string{"InstructionSet"})
		if err != nil && !fault.Is(err, fault.Invalid) || err == nil && d.href == "" || len(d.properties) > 1 {
			t.Errorf("%+v, %v", d, err)
		}
	})
}
