package inspect

// window is a range of the stream that somebody asked for: kept in buf, or passed on to an Inspector of its own.
type window struct {
	off, n int64
	got    int64 // bytes of it that have passed
	buf    []byte
	sub    *Inspector
	then   func(b []byte)
}

func (w *window) end() int64 { return w.off + w.n }

// cost is what it counts against heldSize.
func (w *window) cost() int64 {
	if w.sub != nil {
		return 0
	}
	return w.n
}

// fill takes what p, which stands at pos in the stream, has of the range.
func (w *window) fill(p []byte, pos int64) {
	from := w.off + w.got - pos
	if from < 0 || from >= int64(len(p)) || w.got == w.n {
		return
	}
	part := p[from:min(int64(len(p)), w.end()-pos)]
	w.got += int64(len(part))
	if w.sub != nil {
		_, _ = w.sub.Write(part) // never fails
		return
	}
	if w.buf == nil {
		w.buf = make([]byte, 0, w.n)
	}
	w.buf = append(w.buf, part...)
}

// tail keeps the last tailSize bytes.
type tail struct{ buf []byte }

func (t *tail) add(p []byte) {
	if len(p) > tailSize {
		p = p[len(p)-tailSize:]
	}
	if len(t.buf)+len(p) > 2*tailSize {
		kept := copy(t.buf, t.bytes())
		t.buf = t.buf[:kept]
	}
	if t.buf == nil {
		t.buf = make([]byte, 0, 2*tailSize)
	}
	t.buf = append(t.buf, p...)
}

// bytes returns the last bytes of the stream, tailSize of them if there were as many.
func (t *tail) bytes() []byte { return t.buf[max(0, len(t.buf)-tailSize):] }
