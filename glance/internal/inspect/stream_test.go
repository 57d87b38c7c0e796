package inspect_test

import (
	"archive/tar"
	"bytes"
	"crypto/md5"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"goglance/glance/internal/inspect"
)

// samples are small images of every kind, whole and cut, good and bad; also the seeds of the fuzzer.
func samples(t testing.TB) [][]byte {
	disk := file("disk.vmdk", sparse(sparseDescriptor))
	all := [][]byte{
		nil, {0}, make([]byte, 5000), qcow2(), patch(qcow2(), 0x70, "abcd"+be32(5000)+strings.Repeat("x", 5000)+"DATA"+be32(8)),
		sparse(sparseDescriptor), streamed(), []byte(descriptorFile), vhd(3), vhd(4), fixedVHD(mbr(make([]byte, 8192))), vdi(),
		vhdx(0, ""), vhdx(2, "x"), luksHeader("\x00\x01"), luksHeader("\x00\x02"), iso(), mbr(iso()), patch(mbr(nil), 512, "EFI PART"),
		patch(make([]byte, 64), 0, "WithouFreSpacExt"+le32(2)), patch(make([]byte, 64), 0, "QED\x00"), []byte("conectix"),
		archive(t, file("a.ovf", []byte("<xml/>")), disk, file("a.mf", nil)),
		archive(t, file("a.ovf", make([]byte, 5000)), file("b", qcow2()), file("c", iso()), file("d", vhd(4))),
	}
	for _, b := range all[3:8] {
		all = append(all, b[:len(b)*2/3])
	}
	return all
}

// TestChunks: the report does not depend on how the stream is cut.
func TestChunks(t *testing.T) {
	t.Parallel()
	for k, b := range samples(t) {
		want := inspectAll(b)
		sizes := []int{1, 7, 511, 512, 513, 4095, 4097, 65537}
		if len(b) > 1<<19 && testing.Short() {
			sizes = sizes[1:]
		}
		for _, n := range sizes {
			if got := inspectIn(t, b, n); !reflect.DeepEqual(got, want) {
				t.Errorf("sample %d in pieces of %d:\n%+v\nat once:\n%+v", k, n, got, want)
			}
		}
	}
}

// TestSecInspectorMemoryBounded: P65, V7, X1, X2. Headers that announce much make nobody keep much, at any moment.
func TestSecInspectorMemoryBounded(t *testing.T) {
	t.Parallel()
	greedy := vhdx(0, "")
	for k := range 100 { // many items, all asked for
		greedy = patch(greedy, mib+32+32*k, vhdxItem(guidSize, uint32(65536+k*65536), 1<<31))
	}
	greedy = patch(greedy, mib+10, "\xff\x07")
	rows := append(samples(t), greedy, patch(sparse(sparseDescriptor), 0x24, le64(128)), patch(qcow2(), 0x70, "abcd"+be32(60000)),
		archive(t, file("a.ovf", nil), file("x.vhdx", greedy)))
	for k, b := range rows {
		i, most := inspect.New(), 0
		for piece := range slices.Chunk(append(bytes.Clone(b), make([]byte, 2*mib)...), 4096) {
			_, _ = i.Write(piece) // never fails
			most = max(most, i.Held())
		}
		i.Report(-1)
		if most > inspect.MaxHeld || i.Held() > inspect.MaxHeld {
			t.Errorf("image %d makes it hold %d bytes", k, most)
		}
	}
	if inspect.MaxHeld > mib {
		t.Errorf("MaxHeld is %d", inspect.MaxHeld)
	}
}

// TestOVA: T1, as far as the archive itself goes; every disk in it is inspected as well.
func TestOVA(t *testing.T) {
	t.Parallel()
	ovf, disk := file("a.ovf", []byte("<Envelope/>")), file("a.vmdk", sparse(sparseDescriptor))
	link := func(kind byte, name, to string) member {
		return member{tar.Header{Typeflag: kind, Name: name, Linkname: to}, nil}
	}
	sized := patch(archive(t, ovf), 124, "77777777777\x00") // 8 GiB, and the sum of it
	rows := []struct {
		name   string
		data   []byte
		format string
		unsafe string
	}{
		{"good", archive(t, ovf, disk, file("a.mf", []byte("sum"))), "ova", ""},
		{"gnu", archive(t, member{tar.Header{Name: "A.OVF", Format: tar.FormatGNU}, nil}, disk), "ova", ""},
		{"other archive", archive(t, file("manifest.json", nil), disk), "raw", ""},
		{"ovf later", archive(t, disk, ovf), "raw", ""},
		{"backing file", archive(t, ovf, file("d", patch(qcow2(), 8, be64(0x210)))), "ova", withBacking},
		{"third disk", archive(t, ovf, disk, disk, file("d", []byte(descriptorFile))), "ova", others},
		{"fixed vhd", archive(t, ovf, file("d.vhd", patch(fixedVHD(make([]byte, 4096)), 4096+0x3c, be32(4)))), "ova", "differencing"},
		{"path", archive(t, file("../../x.ovf", nil)), "ova", "names with a path"},
		{"absolute", archive(t, file("/abs.ovf", nil)), "ova", "names with a path"},
		{"path of disk", archive(t, ovf, file("x/disk.vmdk", nil)), "ova", "names with a path"},
		{"long name", archive(t, member{tar.Header{Name: strings.Repeat("d/", 70) + "x.ovf", Format: tar.FormatUSTAR}, nil}), "ova", "path"},
		{"symlink", archive(t, link(tar.TypeSymlink, "a.ovf", "/etc/hosts")), "ova", "plain files"},
		{"hard link", archive(t, ovf, link(tar.TypeLink, "d.vmdk", "/etc/hosts")), "ova", "plain files"},
		{"device", archive(t, ovf, link(tar.TypeChar, "d", "")), "ova", "plain files"},
		{"fifo", archive(t, ovf, link(tar.TypeFifo, "d", "")), "ova", "plain files"},
		{"extended size", archive(t, ovf, member{tar.Header{Name: "d", PAXRecords: map[string]string{"GLANCE.x": "1"}}, nil}), "ova", "p"},
		{"two ovf", archive(t, ovf, file("b.ovf", nil)), "ova", "more than one"},
		{"large ovf", archive(t, file("a.ovf", make([]byte, 9<<20))), "ova", large},
		{"archive in it", archive(t, ovf, file("b.ova", archive(t, ovf))), "ova", large},
		{"cut", archive(t, ovf, disk)[:5000], "ova", broken},
		{"sum", sized, "raw", ""},
	}
	for _, row := range rows {
		r := inspectAll(row.data)
		all := strings.Join(r.Unsafe, "; ")
		if r.Format != row.format || !strings.Contains(all, row.unsafe) || row.unsafe == "" && all != "" {
			t.Errorf("%s: %+v, want %s, %q", row.name, r, row.format, row.unsafe)
		}
		if err := r.Check("vmdk", "ova"); (err == nil) != (row.format == "ova" && len(r.Unsafe) == 0) {
			t.Errorf("%s declared ova: %v", row.name, err)
		}
		if err := r.Check("vmdk", "bare"); err == nil {
			t.Errorf("%s passes as vmdk", row.name)
		}
	}
}

// TestOVASizes: sizes that no archive has are refused and not believed.
func TestOVASizes(t *testing.T) {
	t.Parallel()
	good := archive(t, file("a.ovf", nil), file("d", nil))
	for _, size := range []string{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff", "-1", "zzz", ""} {
		head := patch(patch(good[512:1024], 124, strings.Repeat("\x00", 12)), 124, size)
		sum := 8 * int(' ')
		for k, c := range head {
			if k < 148 || k > 155 {
				sum += int(c)
			}
		}
		b := patch(good, 512, string(patch(head, 148, fmt.Sprintf("%06o\x00 ", sum))))
		if r := inspectAll(b); r.Format != "ova" || len(r.Unsafe) == 0 {
			t.Errorf("size %q: %+v", size, r)
		}
	}
}

// FuzzInspect: no panic, bounded memory, and the same report however the stream is cut. more stands at off behind
// zeros, so that places far from the start are reached without long inputs.
func FuzzInspect(f *testing.F) {
	for _, b := range samples(f) {
		if len(b) < 1<<17 {
			f.Add(b, []byte{}, uint32(0), uint16(3))
		}
	}
	f.Add(mbr(nil), []byte("\x01CD001"), uint32(0x8000), uint16(100))
	x := vhdx(0, "")
	f.Add(x[:512<<10], x[mib:mib+70<<10], uint32(mib), uint16(60000))
	f.Fuzz(func(t *testing.T, head, more []byte, off uint32, piece uint16) {
		b := patch(head, int(off%(2*mib)), string(more))
		want := inspectAll(b)
		i, n := inspect.New(), max(int(piece), len(b)/5000+1)
		for part := range slices.Chunk(b, n) {
			_, _ = i.Write(part) // never fails
			if i.Held() > inspect.MaxHeld {
				t.Fatalf("%d bytes are held", i.Held())
			}
		}
		if got := i.Report(int64(len(b))); !reflect.DeepEqual(got, want) {
			t.Fatalf("in pieces of %d: %+v\nat once: %+v", n, got, want)
		}
	})
}

// TestCost: beside MD5, looking at bytes beyond the headers costs nothing one would notice. (Measured: 1/6000 of it.)
func TestCost(t *testing.T) {
	t.Parallel()
	block, i, h := noise(256<<10), inspect.New(), md5.New()
	spent := func(w io.Writer) time.Duration {
		least := time.Hour
		for range 5 {
			began := time.Now()
			for range 32 {
				_, _ = w.Write(block) // neither fails
			}
			least = min(least, time.Since(began))
		}
		return least
	}
	if look, sum := spent(i), spent(h); look > sum/50 {
		t.Errorf("8 MiB take %v, MD5 of them %v", look, sum)
	}
}

// BenchmarkInspect writes noise in blocks as ingest has them, BenchmarkMD5 is what stands beside it.
func BenchmarkInspect(b *testing.B) {
	block := noise(256 << 10)
	i := inspect.New()
	b.SetBytes(int64(len(block)))
	for b.Loop() {
		_, _ = i.Write(block) // never fails
	}
}

// BenchmarkInspectDisks is one inspection of 64 MiB from its begin to its end, a VHDX and noise behind it.
func BenchmarkInspectDisks(b *testing.B) {
	head, block := vhdx(0, ""), noise(256<<10)
	b.SetBytes(64 * mib)
	for b.Loop() {
		i := inspect.New()
		_, _ = i.Write(head) // never fails
		for range 64*mib/len(block) - 5 {
			_, _ = i.Write(block) // never fails
		}
		i.Report(-1)
	}
}

func BenchmarkMD5(b *testing.B) {
	block, h := noise(256<<10), md5.New()
	b.SetBytes(int64(len(block)))
	for b.Loop() {
		_, _ = h.Write(block) // never fails
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(b) // never fails
	return b
}
