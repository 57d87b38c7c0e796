package inspect_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"goglance/glance/internal/inspect"
)

// info is what qemu-img says of an image.
type info struct {
	Format   string `json:"format"`
	Size     int64  `json:"virtual-size"`
	Backing  string `json:"backing-filename"`
	Specific struct {
		Data struct {
			DataFile string `json:"data-file"`
			Extents  []struct {
				Filename string `json:"filename"`
			} `json:"extents"`
		} `json:"data"`
	} `json:"format-specific"`
}

// qemuImg returns the program, or skips.
func qemuImg(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("qemu-img")
	if err != nil && os.Getenv("GLANCE_TEST_REQUIRE") != "" {
		t.Fatal("missing: qemu-img")
	}
	if err != nil {
		t.Skip("missing: qemu-img")
	}
	return path
}

// run runs qemu-img in dir.
func run(t *testing.T, dir string, args ...string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, qemuImg(t), args...) // our own arguments
	c.Dir = dir
	return c.Output()
}

// ask returns what qemu-img says of a file, false if it does not open it.
func ask(t *testing.T, path string, options ...string) (info, bool) {
	t.Helper()
	var q info
	args := append([]string{"info", "--output=json"}, options...)
	out, err := run(t, filepath.Dir(path), append(args, path)...)
	if err != nil {
		return q, false
	}
	if err := json.Unmarshal(out, &q); err != nil {
		t.Fatalf("qemu-img info prints %q: %v", out, err)
	}
	return q, true
}

// agree asserts what must hold of any file that qemu-img opens: what we call safe is what qemu-img takes it for, and
// leads nowhere; and the size is the same. It returns 1 for a file that qemu-img opens, else 0.
func agree(t *testing.T, what, path string, r inspect.Report) int {
	t.Helper()
	q, opened := ask(t, path)
	if !opened {
		return 0
	}
	if r.Format == "vhd" && q.Format == "raw" { // a fixed one: found only if asked for
		if fixed, ok := ask(t, path, "-f", "vpc"); ok {
			q = fixed
		}
	}
	is := map[string]string{"vpc": "vhd", "parallels": "ploop"}[q.Format]
	if is == "" {
		is = q.Format
	}
	same := is == r.Format
	if same && r.VirtualSize >= 0 && r.VirtualSize != q.Size && (r.VirtualSize+511)&^511 != q.Size {
		t.Errorf("%s: %d bytes, qemu-img says %d: %+v", what, r.VirtualSize, q.Size, r)
	}
	if len(r.Unsafe) > 0 {
		return 1
	}
	sameDisk := []string{"raw", "iso", "gpt", "mbr", "ova", "vhd"} // qemu-img has no name for them and opens them as raw
	if !same && (is != "raw" || !slices.Contains(sameDisk, r.Format)) {
		t.Errorf("%s: safe as %s, qemu-img opens it as %s", what, r.Format, is)
	}
	if q.Backing != "" || q.Specific.Data.DataFile != "" {
		t.Errorf("%s: safe, but qemu-img finds %+v", what, q)
	}
	for _, e := range q.Specific.Data.Extents {
		if filepath.Base(e.Filename) != filepath.Base(path) || len(q.Specific.Data.Extents) != 1 {
			t.Errorf("%s: safe, but qemu-img finds %+v", what, q)
		}
	}
	return 1
}

// made is an image that qemu-img makes: how, and what it must be for us.
type made struct {
	name, options string // of qemu-img create
	format        string
	safe          bool
}

// skip reports whether the image is for long runs only: deriving a key takes seconds.
func (m made) skip() bool { return strings.HasPrefix(m.options, secret) && !long() }

// long reports whether the tests may take minutes.
func long() bool { return os.Getenv("GLANCE_TEST_LONG") != "" }

const secret = "--object secret,id=s,data=abc "

func corpus() []made {
	return []made{
		{"raw", "-f raw", "raw", true},
		{"qcow2", "-f qcow2", "qcow2", true},
		{"qcow2-v2", "-f qcow2 -o compat=0.10", "qcow2", true},
		{"qcow2-512", "-f qcow2 -o cluster_size=512", "qcow2", true},
		{"qcow2-2M", "-f qcow2 -o cluster_size=2M,lazy_refcounts=on,refcount_bits=64", "qcow2", true},
		{"qcow2-zstd", "-f qcow2 -o compression_type=zstd,preallocation=metadata", "qcow2", true},
		{"qcow2-luks", secret + "-f qcow2 -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10", "qcow2", true},
		{"qcow2-backing", "-f qcow2 -b base.raw -F raw", "qcow2", false},
		{"qcow2-v2-backing", "-f qcow2 -o compat=0.10 -b base.raw -F raw", "qcow2", false},
		{"qcow2-data", "-f qcow2 -o data_file=df.raw,data_file_raw=on", "qcow2", false},
		{"qcow2-extended", "-f qcow2 -o extended_l2=on", "qcow2", false},
		{"qcow", "-f qcow", "qcow", true},
		{"qcow-backing", "-f qcow -b base.raw -F raw", "qcow", false},
		{"qed", "-f qed", "qed", false},
		{"qed-backing", "-f qed -b base.raw -F raw", "qed", false},
		{"vmdk", "-f vmdk", "vmdk", true},
		{"vmdk-stream", "-f vmdk -o subformat=streamOptimized", "vmdk", true},
		{"vmdk-flat", "-f vmdk -o subformat=monolithicFlat", "vmdk", false},
		{"vmdk-2gb", "-f vmdk -o subformat=twoGbMaxExtentSparse", "vmdk", false},
		{"vmdk-2gb-flat", "-f vmdk -o subformat=twoGbMaxExtentFlat", "vmdk", false},
		{"vmdk-backing", "-f vmdk -b vmdk -F vmdk", "vmdk", false},
		{"vhd", "-f vpc", "vhd", true},
		{"vhd-size", "-f vpc -o force_size=on", "vhd", true},
		{"vhd-fixed", "-f vpc -o subformat=fixed,force_size=on", "vhd", true},
		{"vhd-fixed-geometry", "-f vpc -o subformat=fixed", "vhd", true},
		{"vhdx", "-f vhdx", "vhdx", true},
		{"vhdx-fixed", "-f vhdx -o subformat=fixed", "vhdx", true},
		{"vdi", "-f vdi", "vdi", true},
		{"vdi-static", "-f vdi -o static=on", "vdi", true},
		{"luks", secret + "-f luks -o key-secret=s,iter-time=10", "luks", true},
		{"ploop", "-f parallels", "ploop", true},
	}
}

// makeCorpus makes the images in a new folder.
func makeCorpus(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "base.raw"), noise(mib), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, m := range corpus() {
		if m.skip() {
			continue
		}
		args := append([]string{"create", "-q"}, strings.Fields(m.options)...)
		args = append(args, m.name)
		if !strings.Contains(m.options, " -b ") {
			args = append(args, "3M")
		}
		_, err := run(t, dir, args...)
		for range 10 { // it gives up on measuring how long a key takes when others use the processor
			if err == nil || !strings.HasPrefix(m.options, secret) {
				break
			}
			_, err = run(t, dir, args...)
		}
		if err != nil {
			t.Fatalf("%s: %v", m.name, err)
		}
	}
	return dir
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAgainstQemu: images of every kind that qemu-img makes, empty and with data, whole and damaged.
func TestAgainstQemu(t *testing.T) {
	t.Parallel()
	dir := makeCorpus(t)
	t.Run("empty", func(t *testing.T) { corpusEmpty(t, dir) })
	t.Run("with data", func(t *testing.T) { corpusWithData(t, dir) })
	t.Run("damaged", func(t *testing.T) { corpusDamaged(t, dir) })
}

func corpusEmpty(t *testing.T, dir string) {
	for _, m := range corpus() {
		if m.skip() {
			continue
		}
		path := filepath.Join(dir, m.name)
		r := inspectAll(read(t, path))
		if r.Format != m.format || (len(r.Unsafe) == 0) != m.safe {
			t.Errorf("%s: %+v, want %s, safe: %v", m.name, r, m.format, m.safe)
		}
		agree(t, m.name, path, r)
	}
}

func corpusWithData(t *testing.T, dir string) {
	for format, options := range map[string]string{
		"qcow2": "qcow2", "qcow2 ": "qcow2 -c", "vmdk": "vmdk", "vmdk ": "vmdk -o subformat=streamOptimized",
		"vhd": "vpc", "vhd ": "vpc -o subformat=fixed", "vhdx": "vhdx", "vdi": "vdi", "ploop": "parallels",
	} {
		path := filepath.Join(dir, "converted")
		args := append(append([]string{"convert", "-f", "raw", "-O"}, strings.Fields(options)...), "base.raw", path)
		if _, err := run(t, dir, args...); err != nil {
			t.Fatal(err)
		}
		r := inspectAll(read(t, path))
		if err := r.Check(strings.TrimSpace(format), "bare"); err != nil || r.VirtualSize < mib {
			t.Errorf("converted to %s: %+v, %v", options, r, err)
		}
		agree(t, "converted to "+options, path, r)
	}
}

// TestQ10: a sparse image announces its size (spec security 1.7).
func TestQ10(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for size, want := range map[string]int64{"1T": 1 << 40, "1P": 1 << 50} {
		if _, err := run(t, dir, "create", "-f", "qcow2", size, size); err != nil {
			t.Fatal(err)
		}
		if r := inspectAll(read(t, filepath.Join(dir, size))); r.VirtualSize != want || len(r.Unsafe) > 0 {
			t.Errorf("%s: %+v", size, r)
		}
	}
}

// TestBuildersAgainstQemu: the images that the fixtures start from are real ones.
func TestBuildersAgainstQemu(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for format, b := range map[string][]byte{
		"qcow2": qcow2(), "vmdk": sparse(sparseDescriptor), "vpc": vhd(3), "vdi": vdi(), "luks": luks("\x00\x01"), "raw": fixedVHD(mbr(make([]byte, mib))),
	} {
		path := filepath.Join(dir, format)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if q, opened := ask(t, path); !opened || q.Format != format || q.Backing != "" {
			t.Errorf("%s: %v, %+v", format, opened, q)
		}
		agree(t, format, path, inspectAll(b))
	}
}

// TestSecNestedFormatOutput: S127. What a conversion to raw writes is inspected again: the guest's first bytes may be the
// header of another format (R2).
func TestSecNestedFormatOutput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	q1 := patch(patch(noise(mib), 0, string(qcow2()[:1024])), 8, be64(0x210)+be32(10))
	if err := os.WriteFile(path("guest"), q1, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-f", "raw", "-O", "qcow2", "guest", "image"}, {"-f", "qcow2", "-O", "raw", "image", "output"}} {
		if _, err := run(t, dir, append([]string{"convert"}, args...)...); err != nil {
			t.Fatal(err)
		}
	}
	if err := inspectAll(read(t, path("image"))).Check("qcow2", "bare"); err != nil {
		t.Errorf("the image: %v", err)
	}
	if err := inspectAll(read(t, path("output"))).Check("raw", "bare"); err == nil {
		t.Error("the output passes as raw")
	}
}
