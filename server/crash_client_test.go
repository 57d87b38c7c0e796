package main_test

import (
	"bytes"
	"crypto/md5" // the checksum of the Images API
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// client does things to images of its own, and remembers what it was told: what was acknowledged has to be there, what
// was not answered may have happened or not, and nothing else may.
type client struct {
	r      *rand.Rand
	images []*known
	faults []string // what must not be
	slowly bool     // it takes its time for uploads
	done   int      // acknowledged changes
	watch  func()   // called when a request is about to be sent; may be nil
}

// known is what a client knows of an image. Where an answer is missing there are two possible states, and the image is
// left alone until it is looked at.
type known struct {
	id          string
	made, gone  answered
	name, names string   // names: the one it may have instead
	data, datas *content // likewise
	open        bool     // an answer is missing
}

// answered says what came of a request.
type answered int

const (
	no answered = iota
	perhaps
	yes
)

// content is the data of an image: a few blocks and a bit, from a seed.
type content struct {
	seed uint64
	size int
}

func (c content) bytes() []byte {
	text := make([]byte, c.size)
	r := rand.New(rand.NewPCG(c.seed, 0)) //nolint:gosec // not a secret
	for i := range text {
		text[i] = byte(r.Uint32())
	}
	return text
}

func (c content) checksum() string {
	sum := md5.Sum(c.bytes()) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// most is how many images a client keeps.
const most = 5

// live does one thing after the other until the server is gone or the time is over.
func (c *client) live(url string, until time.Time) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	s := session{c, url, &http.Client{Transport: transport, Timeout: time.Minute}}
	for time.Now().Before(until) && s.step() {
		continue
	}
}

// session is a client at a server.
type session struct {
	*client
	url  string
	http *http.Client
}

// step does one thing and reports whether the server is there.
func (s session) step() bool {
	usable := slices.DeleteFunc(slices.Clone(s.images), func(k *known) bool { return k.open || k.gone != no })
	if len(usable) < 2 || len(usable) < most && s.r.IntN(3) == 0 {
		return s.create()
	}
	k := usable[s.r.IntN(len(usable))]
	switch n := s.r.IntN(10); {
	case n < 2 || len(usable) > most:
		return s.remove(k)
	case n < 5:
		return s.patch(k)
	case k.data == nil:
		return s.upload(k)
	default:
		return s.download(k)
	}
}

// ask sends a request. The answer is yes for the wanted code, no for another one that says that nothing was changed, and
// perhaps for an error of the server or none, when the server may be gone.
func (s session) ask(verb, path string, body io.Reader, want int) (text []byte, done answered, there bool) {
	if s.watch != nil {
		s.watch()
	}
	r, err := http.NewRequest(verb, s.url+path, body) // the client has a timeout
	if err != nil {
		s.fault("%v", err)
		return nil, perhaps, false
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	if verb == http.MethodPatch {
		r.Header.Set("Content-Type", "application/openstack-images-v2.1-json-patch")
	}
	resp, err := s.http.Do(r)
	if err != nil {
		return nil, perhaps, false
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err = io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return nil, perhaps, false
	case resp.StatusCode == want:
		if verb != http.MethodGet {
			s.done++
		}
		return text, yes, true
	case resp.StatusCode >= http.StatusInternalServerError:
		time.Sleep(time.Millisecond) // as a client would, if not as short
		return nil, perhaps, true
	case resp.StatusCode != http.StatusRequestEntityTooLarge: // the disk may be full
		s.fault("%s %s: %d %s", verb, path, resp.StatusCode, text)
	}
	return nil, no, true
}

func (c *client) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

func (s session) create() bool {
	k := &known{id: uuid.NewString(), name: "first", open: true, made: perhaps}
	s.images = append(s.images, k)
	body := fmt.Sprintf(`{"id": %q, "name": "first", "disk_format": "raw", "container_format": "bare"}`, k.id)
	_, done, there := s.ask(http.MethodPost, "/v2/images", strings.NewReader(body), http.StatusCreated)
	k.made, k.open = done, done == perhaps
	if done == no {
		k.gone = yes
	}
	return there
}

func (s session) patch(k *known) bool {
	k.open, k.names = true, fmt.Sprint("name ", s.r.Uint32())
	body := fmt.Sprintf(`[{"op": "replace", "path": "/name", "value": %q}]`, k.names)
	_, done, there := s.ask(http.MethodPatch, "/v2/images/"+k.id, strings.NewReader(body), http.StatusOK)
	k.open = done == perhaps
	if done == yes {
		k.name = k.names
	}
	if done != perhaps {
		k.names = ""
	}
	return there
}

func (s session) upload(k *known) bool {
	k.open, k.datas = true, &content{s.r.Uint64(), 1 + s.r.IntN(700_000)}
	body := io.Reader(bytes.NewReader(k.datas.bytes()))
	switch {
	case s.slowly:
		body = &slow{body}
	case s.r.IntN(2) == 0:
		body = io.MultiReader(body) // of unknown length
	}
	_, done, there := s.ask(http.MethodPut, "/v2/images/"+k.id+"/file", body, http.StatusNoContent)
	k.open = done == perhaps
	if done == yes {
		k.data = k.datas
	}
	if done != perhaps {
		k.datas = nil
	}
	return there
}

// slow is a body that comes in pieces.
type slow struct{ io.Reader }

// Read waits and reads a piece.
func (s *slow) Read(p []byte) (int, error) {
	time.Sleep(20 * time.Millisecond)
	return s.Reader.Read(p[:min(len(p), 16<<10)])
}

func (s session) remove(k *known) bool {
	k.open, k.gone = true, perhaps
	_, done, there := s.ask(http.MethodDelete, "/v2/images/"+k.id, nil, http.StatusNoContent)
	k.gone, k.open = done, done == perhaps
	return there
}

func (s session) download(k *known) bool {
	text, done, there := s.ask(http.MethodGet, "/v2/images/"+k.id+"/file", nil, http.StatusOK)
	if done == yes && !bytes.Equal(text, k.data.bytes()) {
		s.fault("a download of %s has %d bytes, %d were sent, or others", k.id, len(text), k.data.size)
	}
	return there
}

// settle looks at the images with missing answers, or at all, and keeps what it finds. It returns what is wrong: first
// what may still change. What a foreign server has left undone is its own affair.
func (c *client) settle(url string, all, foreign bool) (pending, wrong []string) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	s := session{c, url, &http.Client{Transport: transport, Timeout: time.Minute}}
	for _, k := range c.images {
		if !k.open && !all || k.open && foreign {
			continue
		}
		problem, final := s.look(k)
		switch {
		case problem == "":
			k.open = false
		case final:
			wrong = append(wrong, problem)
		default:
			pending = append(pending, problem)
		}
	}
	if !all {
		c.images = slices.DeleteFunc(c.images, func(k *known) bool { return k.gone == yes && c.r.IntN(4) == 0 }) // enough of them
	}
	return pending, wrong
}

// look compares an image with what is known of it. What was open is then known.
func (s session) look(k *known) (problem string, final bool) {
	resp, err := s.http.Get(s.url + "/v2/images/" + k.id) // the client has a timeout
	if err != nil {
		return fmt.Sprintf("%s: %v", k.id, err), true
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	var got document
	err = json.NewDecoder(resp.Body).Decode(&got)
	switch {
	case resp.StatusCode == http.StatusNotFound:
		if k.made == yes && k.gone == no {
			return k.id + " is lost", true
		}
		k.gone = yes
		return "", false
	case resp.StatusCode != http.StatusOK || err != nil:
		return fmt.Sprintf("%s: %d, %v", k.id, resp.StatusCode, err), resp.StatusCode < http.StatusInternalServerError
	case k.gone == yes:
		return k.id + " is back", true
	case got.Status != "active" && got.Status != "queued":
		return k.id + " is " + got.Status, false
	case got.Name != k.name && (k.names == "" || got.Name != k.names):
		return fmt.Sprintf("%s has the name %q, not %q or %q", k.id, got.Name, k.name, k.names), true
	}
	return s.lookAtData(k, got)
}

// document is what the service says of an image.
type document struct {
	Name, Status, Checksum string
	Size                   int
}

func (s session) lookAtData(k *known, got document) (problem string, final bool) {
	data := k.data
	if data == nil && got.Status == "active" {
		data = k.datas
	}
	switch {
	case got.Status == "queued" && data != nil:
		return k.id + " has lost its data", true
	case got.Status == "active" && data == nil:
		return k.id + " has data that were never sent", true
	case got.Status == "active" && (got.Size != data.size || got.Checksum != data.checksum()):
		return fmt.Sprintf("%s says %d bytes, checksum %s; sent were %d, %s", k.id, got.Size, got.Checksum, data.size, data.checksum()), true
	case got.Status == "active":
		if text, done, _ := s.ask(http.MethodGet, "/v2/images/"+k.id+"/file", nil, http.StatusOK); done != yes || !bytes.Equal(text, data.bytes()) {
			return fmt.Sprintf("%s has %d bytes, not the %d that were sent", k.id, len(text), data.size), true
		}
	}
	k.made, k.gone, k.name, k.names, k.data, k.datas = yes, no, got.Name, "", data, nil
	return "", false
}
