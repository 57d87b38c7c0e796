package uwsgi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// pair is one CGI variable.
type pair struct{ name, value string }

// headSize is the size of a packet's head: modifier1, the size of the rest in two bytes, modifier2.
const headSize = 4

// readPacket reads the packet that begins a request. Its size has two bytes, so it needs no other bound. A connection
// that ends before the first byte is io.EOF.
func readPacket(r io.Reader) ([]pair, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if head[0] != 0 || head[3] != 0 {
		return nil, fmt.Errorf("uwsgi: modifiers %d and %d are not those of a request", head[0], head[3])
	}
	body := make([]byte, binary.LittleEndian.Uint16(head[1:]))
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("uwsgi: a packet broke off: %w", err)
	}
	return parseVars(body)
}

func parseVars(body []byte) ([]pair, error) {
	var vars []pair
	for len(body) > 0 {
		var p pair
		var ok bool
		if p.name, body, ok = cutText(body); !ok {
			return nil, errShort
		}
		if p.value, body, ok = cutText(body); !ok {
			return nil, errShort
		}
		vars = append(vars, p)
	}
	return vars, nil
}

var errShort = errors.New("uwsgi: a variable is longer than its packet")

// cutText takes a text with its length before it off body.
func cutText(body []byte) (text string, rest []byte, ok bool) {
	const size = 2
	if len(body) < size {
		return "", nil, false
	}
	n := int(binary.LittleEndian.Uint16(body))
	if len(body) < size+n {
		return "", nil, false
	}
	return string(body[size : size+n]), body[size+n:], true
}
