package glance_test

import (
	"io"
	"net/http"
	"testing"
	"time"
)

// BenchmarkImport stages and imports 2 GiB. "of-upload" is the speed of both together as a part of that of one upload of
// the same data in the same run: 0.8 at least is wanted.
func BenchmarkImport(b *testing.B) {
	const size = 2 << 30
	body := func() io.Reader { return io.LimitReader(zeros{}, size) }
	f := start(b, withImport, quiet)
	c := f.as(owner)
	b.SetBytes(size)
	var upload, both time.Duration
	for b.Loop() {
		b.StopTimer()
		plain, id := c.create(formats), c.create(formats)
		begin := time.Now()
		c.transfer(b, http.MethodPut, "/v2/images/"+plain+"/file", body())
		upload += time.Since(begin)
		c.ask("DELETE /v2/images/"+plain, "").want(http.StatusNoContent)
		b.StartTimer()
		begin = time.Now()
		c.transfer(b, http.MethodPut, "/v2/images/"+id+"/stage", body())
		c.doImport(id).want(http.StatusAccepted)
		f.await(id, "active")
		both += time.Since(begin)
		b.StopTimer()
		c.ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
		b.StartTimer()
	}
	b.ReportMetric(upload.Seconds()/both.Seconds(), "of-upload")
}
