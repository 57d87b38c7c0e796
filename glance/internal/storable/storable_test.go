package storable

import (
	"testing"

	"goglance/glance/fault"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "name", "ü 世 \uffff", "line\nline", "\ufffd"} {
		if err := Text(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"\x00", "a\x00b", "😀", "a\U00010000", "\xff", "a\xc3"} {
		if err := Text(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
