package auth

import "context"

// Trust lets the service act as a caller after his token has expired, for work that goes on when his request is answered.
// It is a credential: nothing of it is logged.
type Trust interface {
	// Identity returns the caller as he is now, with a new token.
	Identity(ctx context.Context) (*Identity, error)
	// Delete ends the trust.
	Delete(ctx context.Context) error
}
