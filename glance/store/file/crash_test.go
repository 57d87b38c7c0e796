package file

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// crashDir is the environment variable that makes the test binary a process that dies in a Put.
const crashDir = "GLANCE_TEST_FILE_CRASH"

func crashObject() store.Object {
	return store.Object{ID: "4d0a8c6e-0c39-4b7e-9d0e-3c4f4f3f7a11", Size: -1, Upload: "c0ffee"}
}

// crash puts some bytes, says so, and waits to be killed.
func crash(dir string) {
	d, err := New(Options{Datadir: dir})
	if err == nil {
		waiting := &action{do: func() {
			fmt.Println("waiting")
			_, _ = io.Copy(io.Discard, os.Stdin) // until the test lets go, at the latest
		}}
		_, err = d.Put(context.Background(), crashObject(), io.MultiReader(bytes.NewReader(make([]byte, 3*window)), waiting))
	}
	fmt.Println("not killed:", err)
	os.Exit(1)
}

// TestSecCrashLeftovers kills a process in the middle of a Put and tidies up after it.
// Spec security S95.
func TestSecCrashLeftovers(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashDir+"="+dir)
	_, inErr := child.StdinPipe()
	out, outErr := child.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, len("waiting"))
	if _, err := io.ReadFull(out, said); err != nil || string(said) != "waiting" {
		t.Errorf("the child said %q, %v", said, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = child.Wait() // it was killed
	o := crashObject()
	if left := files(t, dir); len(left) != 1 || left[0] != tempName(o) {
		t.Errorf("files are %v, want the temporary one", left)
	}
	d := open(t, Options{Datadir: dir})
	everywhere(t, d, "file://"+dir+"/"+o.ID, fault.NotFound)
	everywhere(t, d, "file://"+dir+"/"+tempName(o), fault.Invalid)
	if err := d.Abort(t.Context(), o); err != nil || len(files(t, dir)) != 0 {
		t.Errorf("Abort: %v, files are %v", err, files(t, dir))
	}
}
