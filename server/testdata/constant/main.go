// Command constant is the baseline of the figures: the HTTP server of this service with a handler that answers always
// the same, of a size that the path names.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

func main() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("http://%s\n", ln.Addr())
	fmt.Fprintln(os.Stderr, http.Serve(ln, http.HandlerFunc(answer))) //nolint:gosec // it serves a test
}

var texts sync.Map //nolint:gochecknoglobals // there is one handler

func answer(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(strings.Trim(r.URL.Path, "/")) // 0 for another path
	text, ok := texts.Load(n)
	if !ok {
		text, _ = texts.LoadOrStore(n, []byte(strings.Repeat("x", n)))
	}
	body, _ := text.([]byte)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client may have gone
}
