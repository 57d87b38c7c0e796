package keystone

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
)

// validate asks Keystone for a token's document; nil if the token is not valid. A refusal of the service's own token is
// followed by one more try with a new one (spec operations 7.2).
func (a *Auth) validate(ctx context.Context, text string, late bool) ([]byte, error) {
	stale := ""
	for {
		own, err := a.session.get(ctx, stale)
		if err != nil {
			return nil, err
		}
		body, err := a.question(ctx, own, text, late)
		if !errors.Is(err, errOwnToken) {
			return body, err
		}
		if stale != "" {
			return nil, errors.New("the service's own token is refused, a new one too: has its user the right to check tokens?")
		}
		stale = own.token
	}
}

var errOwnToken = errors.New("the service's own token is refused")

// question is one request to Keystone. The token is in a header alone.
func (a *Auth) question(ctx context.Context, own ticket, text string, late bool) ([]byte, error) {
	at := own.endpoint + "auth/tokens"
	var query []string
	if !a.o.Catalog {
		query = append(query, "nocatalog")
	}
	if late {
		query = append(query, "allow_expired=1")
	}
	if len(query) > 0 {
		at += "?" + strings.Join(query, "&")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, errors.New("the Identity endpoint is not a URL")
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "goglance")
	r.Header.Set("X-Auth-Token", own.token)
	r.Header.Set("X-Subject-Token", text)
	resp, err := a.http.Do(r)
	if err != nil {
		return nil, tame(err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing was written
	switch resp.StatusCode {
	case http.StatusOK:
		return io.ReadAll(resp.Body)
	case http.StatusNotFound:
		return nil, nil
	case http.StatusUnauthorized:
		return nil, errOwnToken
	}
	return nil, answer(resp.StatusCode)
}
