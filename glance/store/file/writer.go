package file

import (
	"context"
	"os"
)

const (
	window    = 4 << 20   // bytes between two looks at the context, however much a body writes at once
	ahead     = 8 << 20   // bytes after which the disk is told to begin writing
	blockSize = 256 << 10 // bytes of a copy buffer
)

// writer writes a file from its beginning and keeps the first error of its own, because a body that writes itself
// (io.WriterTo) may return that one wrapped, changed or not at all. It has no ReadFrom: io.Copy to an *os.File would
// go its own ways.
type writer struct {
	ctx   context.Context
	f     *os.File
	n     int64 // bytes written
	begun int64 // of these the disk was told to write
	err   error
}

// Write writes p unless the context has ended.
func (w *writer) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) && w.err == nil {
		done += w.write(p[done:min(len(p), done+window)])
	}
	return done, w.err
}

func (w *writer) write(p []byte) int {
	if w.err = w.ctx.Err(); w.err != nil {
		return 0
	}
	n, err := w.f.Write(p)
	w.n += int64(n)
	w.err = writeFault("file.Put", err)
	if w.n-w.begun >= ahead {
		startWriteback(w.f, w.begun, w.n-w.begun)
		w.begun = w.n
	}
	return n
}
