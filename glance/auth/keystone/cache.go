package keystone

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	cacheMax   = 8192            // tokens of each kind
	refuseTime = 5 * time.Second // for which an invalid token is refused without asking; a new one may still be on its way to all Keystones
)

// cache is what this process knows of tokens. Tokens that are not valid have a cache of their own: whoever sends many of
// them drives out no valid ones (spec security P90).
type cache struct {
	now   func() time.Time
	time  time.Duration // 0: nothing is kept
	valid *lru.Cache[key, entry]
	bad   *lru.Cache[key, time.Time] // until when
}

type entry struct {
	*token
	until time.Time
}

func newCache(keep time.Duration, now func() time.Time) *cache {
	valid, _ := lru.New[key, entry](cacheMax)   // it fails for sizes below 1
	bad, _ := lru.New[key, time.Time](cacheMax) // as above
	return &cache{now: now, time: max(keep, 0), valid: valid, bad: bad}
}

// get returns a token; nil and known for one that is not valid. A token that has expired is returned too.
func (c *cache) get(k key) (t *token, known bool) {
	if e, ok := c.valid.Get(k); ok {
		if c.now().Before(e.until) {
			return e.token, true
		}
		c.valid.Remove(k)
	}
	until, ok := c.bad.Get(k)
	return nil, ok && c.now().Before(until)
}

// put remembers a valid token.
func (c *cache) put(k key, t *token) {
	if c.time > 0 {
		c.bad.Remove(k)
		c.valid.Add(k, entry{t, c.now().Add(c.time)})
	}
}

// refuse remembers that a token is not valid.
func (c *cache) refuse(k key) {
	if c.time > 0 {
		c.valid.Remove(k)
		c.bad.Add(k, c.now().Add(min(c.time, refuseTime)))
	}
}
