package inspect

// Held returns how many bytes the buffers of an Inspector take.
func (i *Inspector) Held() int {
	n := cap(i.head) + cap(i.tail.buf)
	for _, w := range i.ranges {
		n += cap(w.buf)
		if w.sub != nil {
			n += w.sub.Held()
		}
	}
	return n
}
