package keystone_test

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"goglance/glance/auth/keystone"
	"goglance/glance/auth/keystone/keystonetest"
	"goglance/glance/fault"
)

// A Keystone that takes connections and says nothing does not hang us.
func TestHang(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // the test is over
	k := keystonetest.Start(t)
	good := k.Issue(member())
	a := k.New(func(o *keystone.Options) { o.HTTP.ConnectTimeout, o.HTTP.Retries = 200*time.Millisecond, 3 })
	want(t, "before", ask(t, a, userToken, good), "u")
	k.Delay(time.Minute)
	begin := time.Now()
	want(t, "slow", ask(t, a, userToken, "other"), fault.Unavailable.String())
	want(t, "cached", ask(t, a, userToken, good), "u")
	silent := k.New(func(o *keystone.Options) {
		o.Login.URL, o.HTTP.ConnectTimeout = "http://"+ln.Addr().String(), 200*time.Millisecond
	})
	want(t, "silent", ask(t, silent, userToken, good), fault.Unavailable.String())
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if n := k.Count("GET /v3/auth/tokens"); n != 2 {
		t.Errorf("a question without an answer is asked %d times", n-1)
	}
}

// Close ends a question that is under way.
func TestCloseWhileAsking(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	a, err := keystone.New(k.Options())
	if err != nil {
		t.Fatal(err)
	}
	want(t, "first", ask(t, a, userToken, "x"), "nobody")
	k.Delay(time.Minute)
	answer := make(chan string)
	go func() { answer <- ask(t, a, userToken, "y") }()
	time.Sleep(100 * time.Millisecond)
	begin := time.Now()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	want(t, "under way", <-answer, fault.Unavailable.String())
	want(t, "closed", ask(t, a, userToken, "z"), fault.Unavailable.String())
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// 200 clients with 200 tokens and a Keystone that answers in 2 s: tokens that are cached are not slowed, the others come
// in the time of one answer.
func TestManyClients(t *testing.T) {
	t.Parallel()
	const clients = 200
	k := keystonetest.Start(t)
	a := k.New()
	issue := func() (tokens []string) {
		for i := range clients {
			token := member()
			token.User = fmt.Sprint("user-", i)
			tokens = append(tokens, k.Issue(token))
		}
		return tokens
	}
	cached, fresh := issue(), issue()
	for i, text := range cached {
		want(t, "warm up", ask(t, a, userToken, text), fmt.Sprint("user-", i))
	}
	k.Delay(2 * time.Second)
	begin := time.Now()
	var waiting, all sync.WaitGroup
	for i, text := range fresh {
		waiting.Go(func() { want(t, "fresh", ask(t, a, userToken, text), fmt.Sprint("user-", i)) })
	}
	var mu sync.Mutex
	var times []time.Duration
	for i, text := range cached {
		all.Go(func() {
			for range 20 {
				start := time.Now()
				want(t, "cached", ask(t, a, userToken, text), fmt.Sprint("user-", i))
				mu.Lock()
				times = append(times, time.Since(start))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	slices.Sort(times)
	if median, took := times[len(times)/2], time.Since(begin); median > 50*time.Millisecond || took > 1900*time.Millisecond {
		t.Errorf("cached tokens: half of them took %s or more, all together %s", median, took)
	}
	waiting.Wait()
	if took := time.Since(begin); took > 8*time.Second {
		t.Errorf("the others took %s", took)
	}
}

// Keystone is killed and comes back under load: cached tokens go on all the time, others fail with Unavailable and
// nothing else, and are good again once it is back.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	a := k.New()
	cached := k.Issue(member())
	want(t, "warm up", ask(t, a, userToken, cached), "u")
	var stop atomic.Bool
	var all sync.WaitGroup
	var good, refused atomic.Int32
	for range 4 {
		all.Go(func() {
			for !stop.Load() {
				want(t, "cached", ask(t, a, userToken, cached), "u")
				time.Sleep(time.Millisecond)
			}
		})
		all.Go(func() {
			for !stop.Load() {
				switch got := ask(t, a, userToken, k.Issue(member())); got {
				case "u":
					good.Add(1)
				case fault.Unavailable.String():
					refused.Add(1)
				default:
					t.Errorf("a good token is answered with %s", got)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	for range 3 {
		time.Sleep(200 * time.Millisecond)
		k.Down()
		time.Sleep(500 * time.Millisecond)
		k.Up()
	}
	time.Sleep(time.Second)
	before := good.Load()
	time.Sleep(300 * time.Millisecond)
	if good.Load() == before {
		t.Error("there is no recovery")
	}
	stop.Store(true)
	all.Wait()
	if refused.Load() == 0 {
		t.Error("the outages were not seen")
	}
}

// BenchmarkCached is a token that is cached, in a catalog of a size that clouds have.
func BenchmarkCached(b *testing.B) {
	k := keystonetest.Start(b)
	for i := range 40 {
		k.Publish(fmt.Sprint("service-", i), fmt.Sprintf("https://service-%d.example:8774/v2.1/1234567890abcdef", i))
	}
	a := k.New()
	r := request(b, userToken, k.Issue(member()))
	b.ReportAllocs()
	for b.Loop() {
		if who, err := a.Authenticate(r); who == nil || err != nil {
			b.Fatal(err)
		}
	}
}
