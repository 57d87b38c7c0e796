package glance_test

import (
	"net/http"
	"testing"
)

// Spec operations 10: an image that claims a signature does not become active unverified. With fewer than all four
// properties nothing is claimed.
func TestSignedUploadRefused(t *testing.T) {
	t.Parallel()
	f := start(t)
	some := `"img_signature": "eA==", "img_signature_hash_method": "SHA-256", "img_signature_key_type": "RSA-PSS"`
	f.as(owner).store(some, "data")
	id := f.as(owner).create(some + `, "img_signature_certificate_uuid": "b8f5d6b0-1111-4111-8111-111111111111", ` + formats)
	before := f.state()
	f.as(owner).put(id, "data").want(http.StatusBadRequest)
	f.unchanged(before)
}
