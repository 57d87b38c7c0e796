package glance_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goglance/glance"
)

const (
	rawBare   = `"disk_format": "raw", "container_format": "bare"`
	qcowBare  = `"disk_format": "qcow2", "container_format": "bare"`
	vmdkInOVA = `"disk_format": "vmdk", "container_format": "ova"`
)

// An import makes an image of what is behind a URL, with and without a folder to work in (spec tasks-import C).
func TestImportTask(t *testing.T) {
	t.Parallel()
	for _, straightOn := range []bool{false, true} {
		changes := []func(*glance.Config){importing("127.0.0.1")}
		if straightOn {
			changes = append(changes, straight)
		}
		f := start(t, changes...)
		url, visits := canary(t, serveText("some bytes"))
		v := f.as(admin).imported(url+"/x", rawBare+`, "name": "n", "tags": ["b", "a"], "min_ram": 5, "kernel_id": "k", "protected": true`)
		want := map[string]any{
			"status": "active", "size": 10.0, "checksum": "f9d508929370e8a316e78b8dd4fcb5bd", "name": "n", "min_ram": 5.0, "kernel_id": "k",
			"protected": true, "owner": admin.project(), "disk_format": "raw", "container_format": "bare", "virtual_size": 10.0,
		}
		sum := md5.Sum([]byte("some bytes"))
		want["checksum"] = hex.EncodeToString(sum[:])
		if straightOn {
			want["virtual_size"] = nil
		}
		for name, value := range want {
			if v[name] != value {
				t.Errorf("straight %v: %s is %v, want %v", straightOn, name, v[name], value)
			}
		}
		id, _ := v["id"].(string)
		f.as(admin).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("some bytes")
		f.as(admin).leftNothing([]string{id})
		if n := visits.Load(); n != 1 {
			t.Errorf("the source was asked %d times", n)
		}
	}
}

// What is imported is converted, its content stays (spec tasks-import C.5).
func TestImportConverts(t *testing.T) {
	t.Parallel()
	qemuImg(t, t.TempDir(), "--version")
	sources := map[string]struct {
		format  string // of the Images API
		options []string
	}{
		"raw": {"raw", nil}, "qcow2": {"qcow2", nil}, "qcow2 compressed": {"qcow2", []string{"-c"}}, "vmdk": {"vmdk", nil},
		"vmdk streamed": {"vmdk", []string{"-o", "subformat=streamOptimized"}}, "vdi": {"vdi", nil}, "vhdx": {"vhdx", nil}, "vpc": {"vhd", nil},
	}
	content := disk(t, "raw")
	for target, from := range map[string][]string{
		"raw": slices.Collect(maps.Keys(sources)), "qcow2": {"raw", "qcow2", "vpc"}, "vmdk": {"raw", "vmdk streamed"},
	} {
		f := start(t, importing("127.0.0.1"), converting(target))
		for _, name := range from {
			s := sources[name]
			driver, _, _ := strings.Cut(name, " ")
			data := disk(t, driver, s.options...)
			url, _ := serving(t, data)
			v := f.as(admin).imported(url, fmt.Sprintf(`"disk_format": %q, "container_format": "bare"`, s.format))
			id, _ := v["id"].(string)
			stored, err := os.ReadFile(f.object(id))
			f.must(err)
			if driver == target && !bytes.Equal(stored, data) {
				t.Errorf("%s to %s: the data is another", name, target)
			}
			format, size := f.info(t, id)
			sum := md5.Sum(stored)
			if format != target || v["disk_format"] != target || v["virtual_size"] != size || size < float64(len(content)) ||
				v["size"] != float64(len(stored)) || v["checksum"] != hex.EncodeToString(sum[:]) {
				t.Errorf("%s to %s: %v, qemu-img says %s, %v bytes", name, target, v, format, size)
			}
			back := filepath.Join(t.TempDir(), "back")
			qemuImg(t, "/", "convert", "-f", target, "-O", "raw", f.object(id), back)
			if text, err := os.ReadFile(back); err != nil || !bytes.HasPrefix(text, content) {
				t.Errorf("%s to %s: the content is another, %v", name, target, err)
			}
		}
		if left, err := os.ReadDir(filepath.Join(f.dir, "work")); err != nil || len(left) > 0 {
			t.Errorf("%v, %v", left, err)
		}
	}
}

// What is no disk is not converted.
func TestImportLeavesAlone(t *testing.T) {
	t.Parallel()
	f := start(t, importing("127.0.0.1"), converting("qcow2"))
	iso := make([]byte, 40<<10)
	copy(iso[0x8001:], "CD001")
	for properties, data := range map[string][]byte{
		`"disk_format": "iso", "container_format": "bare"`:   iso,
		`"disk_format": "aki", "container_format": "aki"`:    []byte("a kernel"),
		`"disk_format": "raw", "container_format": "docker"`: ovaOf(t, tarFile{"layer", []byte("x")}),
	} {
		url, _ := serving(t, data)
		v := f.as(admin).imported(url, properties)
		id, _ := v["id"].(string)
		if stored, err := os.ReadFile(f.object(id)); err != nil || !bytes.Equal(stored, data) || !strings.Contains(properties, fmt.Sprint(v["disk_format"])) {
			t.Errorf("%s: %v, %v", properties, v, err)
		}
	}
}

// The disk of an OVA becomes the image, with the properties of its processor that are wanted (spec tasks-import C.6).
func TestImportOVA(t *testing.T) {
	t.Parallel()
	vmdk := disk(t, "vmdk", "-o", "subformat=streamOptimized")
	archive := ovaOf(t, tarFile{"vm.ovf", []byte(machine)}, tarFile{"vm.mf", []byte("x")}, tarFile{"disk.vmdk", vmdk})
	url, visits := serving(t, archive)
	wanting := func(c *glance.Config) { c.OVF = []string{"InstructionSet"} }
	for _, target := range []string{"", "qcow2"} {
		f := start(t, importing("127.0.0.1"), wanting, converting(target))
		v := f.as(admin).imported(url, vmdkInOVA)
		id, _ := v["id"].(string)
		want := "vmdk"
		if target != "" {
			want = target
		} else if stored, err := os.ReadFile(f.object(id)); err != nil || !bytes.Equal(stored, vmdk) {
			t.Errorf("the data is not the disk: %v", err)
		}
		if v["container_format"] != "bare" || v["disk_format"] != want || v["cim_pasd_InstructionSet"] != "DMTF:x86_64" || v["cim_pasd_Secret"] != nil {
			t.Errorf("the image is %v", v)
		}
		f.as(admin).leftNothing([]string{id})
	}

	whole := start(t, importing("127.0.0.1"), straight, wanting)
	v := whole.as(admin).imported(url, vmdkInOVA)
	id, _ := v["id"].(string)
	if stored, err := os.ReadFile(whole.object(id)); err != nil || !bytes.Equal(stored, archive) || v["container_format"] != "ova" {
		t.Errorf("without a folder an OVA is %v, %v", v, err)
	}

	f := start(t, importing("127.0.0.1"), wanting, rules("tasks_api_access", ""))
	before := visits.Load()
	if text := f.as(owner).refused(source(url, vmdkInOVA)); !strings.Contains(text, "administrator") || visits.Load() != before {
		t.Errorf("a member is told %q", text)
	}
	quiet := start(t, importing("127.0.0.1"))
	if v := quiet.as(admin).imported(url, vmdkInOVA); v["cim_pasd_InstructionSet"] != nil || !strings.Contains(quiet.logged(), "ovf-metadata.json") {
		t.Errorf("without ovf-metadata.json: %v", v)
	}
}

// An OVA that is none, or whose disk cannot be used, is refused (spec tasks-import C.6; security S128).
func TestSecOVAHandling(t *testing.T) {
	t.Parallel()
	f := start(t, importing("127.0.0.1"))
	dir := t.TempDir()
	qemuImg(t, dir, "create", "-f", "qcow2", "-b", "/etc/hosts", "-F", "raw", "q1", "1M")
	q1, err := os.ReadFile(filepath.Join(dir, "q1"))
	f.must(err)
	two := strings.Replace(machine, "</DiskSection>", `<Disk ovf:fileRef="f1"/></DiskSection>`, 1)
	for name, row := range map[string]struct {
		data []byte
		want string
	}{
		"no archive":     {[]byte("no archive"), "no OVA"},
		"no descriptor":  {ovaOf(t, tarFile{"disk.vmdk", []byte("x")}), ""},
		"two disks":      {ovaOf(t, tarFile{"vm.ovf", []byte(two)}, tarFile{"disk.vmdk", []byte("x")}), ""},
		"no disk":        {ovaOf(t, tarFile{"vm.ovf", []byte(machine)}), ""},
		"not a vmdk":     {ovaOf(t, tarFile{"vm.ovf", []byte(machine)}, tarFile{"disk.vmdk", []byte("x")}), ""},
		"a backing file": {ovaOf(t, tarFile{"vm.ovf", []byte(machine)}, tarFile{"disk.vmdk", q1}), ""},
		"entities": {ovaOf(t, tarFile{"vm.ovf", []byte(`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hosts">]>` + machine)},
			tarFile{"disk.vmdk", disk(t, "vmdk")}), ""},
	} {
		url, _ := serving(t, row.data)
		if text := f.as(admin).refused(source(url, vmdkInOVA)); !strings.Contains(text, row.want) || strings.Contains(text, "hosts") {
			t.Errorf("%s: %q", name, text)
		}
	}
}
