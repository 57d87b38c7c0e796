package keystone

// EntryName returns the key of a token's entry in memcached.
func EntryName(strategy, secret, text string) string {
	s, _ := newSeal(strategy, secret) // of a test that knows them
	return "tokens/" + s.keys(text).name
}
