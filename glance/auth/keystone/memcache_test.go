package keystone_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"goglance/glance/auth/keystone"
	"goglance/glance/auth/keystone/keystonetest"
)

// in returns a change that shares tokens at a server.
func in(address, strategy string) func(*keystone.Options) {
	return func(o *keystone.Options) {
		o.Memcache = keystone.MemcacheOptions{
			Servers: []string{address}, Strategy: strategy, Secret: "secret", DeadRetry: time.Minute, PoolMax: 10, SocketTimeout: 3 * time.Second,
			GetTimeout: 10 * time.Second,
		}
	}
}

// What one process has asked another one knows, with every protection.
func TestShared(t *testing.T) {
	t.Parallel()
	address, _ := memcached(t)
	for _, strategy := range []string{"None", "MAC", "encrypt"} {
		k := keystonetest.Start(t)
		text := k.Issue(member())
		want(t, strategy, ask(t, k.New(in(address, strategy)), userToken, text), "u")
		before := k.Validations()
		other := k.New(in(address, strategy))
		for range 3 {
			want(t, strategy, ask(t, other, userToken, text), "u")
		}
		if n := k.Validations() - before; n != 0 {
			t.Errorf("%s: Keystone was asked %d times", strategy, n)
		}
		want(t, "another secret", ask(t, k.New(in(address, strategy), func(o *keystone.Options) { o.Memcache.Secret = "other" }), userToken, text), "u")
	}
}

// What memcached has is of no use after the token's expiry, and is not kept longer than token_cache_time in all.
func TestSharedExpiry(t *testing.T) {
	t.Parallel()
	address, _ := memcached(t)
	k, c := timed(t)
	token := member()
	token.Expires = c.read().Add(time.Minute)
	text := k.Issue(token)
	a := k.New(in(address, "MAC"))
	want(t, "fresh", ask(t, a, userToken, text), "u")
	c.add(61 * time.Second)
	want(t, "expired", ask(t, k.New(in(address, "MAC")), userToken, text), "nobody")
	short := k.Issue(member())
	brief := func(o *keystone.Options) { o.Cache.Time = time.Second }
	want(t, "short", ask(t, k.New(in(address, "MAC"), brief), userToken, short), "u")
	k.Revoke(short)
	time.Sleep(2100 * time.Millisecond)
	want(t, "revoked", ask(t, k.New(in(address, "MAC"), brief), userToken, short), "nobody")
}

// Spec security P86: an entry that somebody else has written is not believed.
func TestSecMemcacheForgedEntryIgnored(t *testing.T) {
	t.Parallel()
	address, _ := memcached(t)
	client := memcache.New(address)
	defer client.Close() //nolint:errcheck // the test is over
	for _, strategy := range []string{"MAC", "ENCRYPT"} {
		k := keystonetest.Start(t)
		text, other := k.Issue(member()), k.Issue(keystonetest.Token{User: "other"})
		forged, err := json.Marshal(k.Document(keystonetest.Token{User: "admin", Roles: []string{"admin"}, Expires: time.Now().Add(time.Hour)}))
		if err != nil {
			t.Fatal(err)
		}
		change := func(o *keystone.Options) { o.Cache.Time = time.Hour }
		want(t, strategy, ask(t, k.New(in(address, strategy), change), userToken, text), "u")
		want(t, strategy, ask(t, k.New(in(address, strategy), change), userToken, other), "other")
		mine, others := keystone.EntryName(strategy, "secret", text), keystone.EntryName(strategy, "secret", other)
		kept, err := client.Get(mine)
		if err != nil {
			t.Fatal(err)
		}
		swapped, err := client.Get(others)
		if err != nil {
			t.Fatal(err)
		}
		bent := bytes.Clone(kept.Value)
		bent[len(bent)-5] ^= 1
		prefix := append(bytes.Clone(kept.Value[:63]), bent[63]^1) // S14: all of the MAC but its end
		for name, value := range map[string][]byte{
			"plain": forged, "empty": {}, "short": kept.Value[:63], "MAC alone": kept.Value[:64], "bent": bent, "another's": swapped.Value,
			"MAC of another length": append([]byte("A"), kept.Value...), "end of the MAC": append(prefix, kept.Value[64:]...), "MAC of what was": append(bytes.Clone(kept.Value[:64]), forged...),
		} {
			if err := client.Set(&memcache.Item{Key: mine, Value: value}); err != nil {
				t.Fatal(err)
			}
			if err := client.Set(&memcache.Item{Key: fmt.Sprintf("tokens/%x", sha256.Sum256([]byte(text))), Value: forged}); err != nil {
				t.Fatal(err)
			}
			before := k.Validations()
			want(t, strategy+" "+name, ask(t, k.New(in(address, strategy), change), userToken, text), "u")
			if k.Validations() != before+1 {
				t.Errorf("%s %s: Keystone was not asked", strategy, name)
			}
		}
	}
}

// A memcached that is not there, dies or hangs is a cache that is empty.
func TestSharedDown(t *testing.T) {
	t.Parallel()
	address, stop := memcached(t)
	k := keystonetest.Start(t)
	a := k.New(in(address, "MAC"), func(o *keystone.Options) { o.Memcache.DeadRetry = 0 })
	want(t, "up", ask(t, a, userToken, k.Issue(member())), "u")
	stop()
	for range 3 {
		want(t, "down", ask(t, a, userToken, k.Issue(member())), "u")
	}
	silent := listen(t)
	slow := k.New(in(silent, "None"), func(o *keystone.Options) { o.Memcache.SocketTimeout = 100 * time.Millisecond })
	begin := time.Now()
	for range 10 { // it is left out after the first time
		want(t, "silent", ask(t, slow, userToken, k.Issue(member())), "u")
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

// Who waits too long for a connection does without.
func TestSharedBusy(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	a := k.New(in(listen(t), "None"), func(o *keystone.Options) {
		o.Memcache.PoolMax, o.Memcache.SocketTimeout, o.Memcache.GetTimeout = 1, 2*time.Second, 10*time.Millisecond
	})
	go ask(t, a, userToken, "first")
	time.Sleep(100 * time.Millisecond)
	begin := time.Now()
	want(t, "second", ask(t, a, userToken, k.Issue(member())), "u")
	if took := time.Since(begin); took > time.Second {
		t.Errorf("it took %s", took)
	}
}

// Spec security P87: connections are not mixed up.
func TestSecParallelTokensNotMixed(t *testing.T) {
	t.Parallel()
	address, _ := memcached(t)
	k := keystonetest.Start(t)
	one, two := k.Issue(keystonetest.Token{User: "one"}), k.Issue(keystonetest.Token{User: "two"})
	want(t, "one", ask(t, k.New(in(address, "ENCRYPT")), userToken, one), "one")
	want(t, "two", ask(t, k.New(in(address, "ENCRYPT")), userToken, two), "two")
	a := k.New(in(address, "ENCRYPT")) // its own cache stays empty: everything comes from memcached
	var all sync.WaitGroup
	for range 250 {
		all.Go(func() { want(t, "one", ask(t, a, userToken, one), "one") })
		all.Go(func() { want(t, "two", ask(t, a, userToken, two), "two") })
	}
	all.Wait()
}

// The entries are those of the reference: each reads what the other has written (spec operations 7.5).
func TestSharedWithTheReference(t *testing.T) {
	t.Parallel()
	python := "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import keystonemiddleware, memcache").Run(); err != nil {
		program(t, "python3-keystonemiddleware")
	}
	address, _ := memcached(t)
	for _, strategy := range []string{"None", "MAC", "ENCRYPT"} {
		k := keystonetest.Start(t)
		text, theirs := k.Issue(member()), "token-of-the-reference"
		want(t, strategy, ask(t, k.New(in(address, strategy)), userToken, text), "u")
		doc, err := json.Marshal(k.Document(keystonetest.Token{User: "from python", Expires: time.Now().Add(time.Hour)}))
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(python, "testdata/cache.py", address, strategy, text, theirs, string(doc)).Output()
		if err != nil || string(out) != "u\n" {
			t.Errorf("%s: the reference reads %s, %v", strategy, out, err)
		}
		want(t, strategy, ask(t, k.New(in(address, strategy)), userToken, theirs), "from python")
	}
}
