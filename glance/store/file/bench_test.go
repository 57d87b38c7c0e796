package file

import (
	"bytes"
	"io"
	"testing"
)

const benchSize = 64 << 20

// BenchmarkPut includes the fsync, so it measures the disk as well.
func BenchmarkPut(b *testing.B) {
	data := make([]byte, benchSize)
	for name, shape := range map[string]func() io.Reader{
		"Reader":   func() io.Reader { return struct{ io.Reader }{bytes.NewReader(data)} },
		"WriterTo": func() io.Reader { return bytes.NewReader(data) },
	} {
		b.Run(name, func(b *testing.B) {
			d := open(b, Options{Datadir: b.TempDir()})
			b.SetBytes(benchSize)
			b.ReportAllocs()
			for b.Loop() {
				stored, err := d.Put(b.Context(), attempt(), shape())
				if err != nil {
					b.Fatal(err)
				}
				if err := d.Delete(b.Context(), stored.URL); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen reads a file that is in memory already.
func BenchmarkOpen(b *testing.B) {
	d := open(b, Options{Datadir: b.TempDir()})
	stored, err := d.Put(b.Context(), attempt(), bytes.NewReader(make([]byte, benchSize)))
	if err != nil {
		b.Fatal(err)
	}
	block := make([]byte, blockSize)
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		body, err := d.Open(b.Context(), stored.URL, 0, -1)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{body}, block); n != benchSize || err != nil {
			b.Fatal(n, err)
		}
		if err := body.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
