package account

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// APIKeyKind says what an API key is for.
type APIKeyKind string

// The kinds of API key. A user has at most one contract key.
const (
	APIKeyContract APIKeyKind = "contract" // that of the contract: its owner can read it again, and it does what its owner may
	APIKeyNamed    APIKeyKind = "named"    // one that its owner named; shown once
)

// expiredKeyLife is how long an expired key is still listed.
const expiredKeyLife = 30 * 24 * time.Hour

// APIKey is an API key without its text. Only its hash is stored, and of the
// contract's key the text too, sealed with the server key.
type APIKey struct {
	ID     int64
	UserID int64
	Kind   APIKeyKind
	Name   string // "" of the contract's key
	Hash   token.Hash
	Hint   string         // the last characters of the text
	Sealed keyring.Sealed // the text of the contract's key; else empty
	// Permissions narrow the key: it may do what they and its owner's both
	// permit. nil: all that its owner may.
	Permissions []access.Permission
	Created     time.Time
	Expires     time.Time // zero: never
	LastUsed    time.Time // zero: not yet; kept to the minute
}

// hintLength is how many characters of a key its owner knows it again by. They
// are those of its checksum.
const hintLength = 4

// newAPIKey makes the text of a key, and the key with what follows from that.
func (s *Service) newAPIKey(kind APIKeyKind, userID int64) (secret.Text, APIKey, error) {
	text, hash, err := token.New(token.APIKey, s.random)
	if err != nil {
		return secret.Text{}, APIKey{}, err
	}
	hint := text.Reveal()[len(text.Reveal())-hintLength:]
	return text, APIKey{UserID: userID, Kind: kind, Hash: hash, Hint: hint, Created: s.now()}, nil
}

// Expired reports whether the key has come to the end of its life.
func (k APIKey) Expired(now time.Time) bool { return !k.Expires.IsZero() && !now.Before(k.Expires) }

func (k APIKey) ref() CredentialRef {
	if k.Kind == APIKeyContract {
		return CredentialRef{CredentialContractKey, k.ID}
	}
	return CredentialRef{CredentialNamedKey, k.ID}
}

// target names a key in the activity log by its owner.
func (k APIKey) target(owner User) Target { return Target{access.EntityAPIKey, k.ID, owner.Email} }

// described tells the activity log which key it is.
func (k APIKey) described() []FieldChange {
	changes := []FieldChange{{Field: "kind", To: string(k.Kind)}}
	if k.Kind == APIKeyNamed {
		changes = append(changes, FieldChange{Field: "name", To: k.Name})
	}
	return changes
}

// authenticateKey is Authenticate for an API key.
func (s *Service) authenticateKey(ctx context.Context, hash token.Hash, from Origin) (*Principal, error) {
	now := s.now()
	key, err := s.store.APIKeyByHash(ctx, hash)
	if err != nil {
		return nil, ended(err)
	}
	p, err := s.keyPrincipal(ctx, s.store, key, from, now)
	if err != nil {
		return nil, err
	}
	p.used = s.touch(ctx, p.Credential, key.LastUsed, now)
	return p, nil
}

// keyPrincipal loads who a key belongs to and what it may do. It fails with
// CodeUnauthorized when the key has expired, or its owner may not come in or not
// have keys any more.
func (s *Service) keyPrincipal(ctx context.Context, r Reader, key APIKey, from Origin, now time.Time) (*Principal, error) {
	if key.Expired(now) {
		return nil, unauthorized()
	}
	p, err := s.principal(ctx, r, key.UserID, from, now)
	if err != nil {
		return nil, err
	}
	owner := p.User.ID
	if p.Access.Decide(access.ActionCreate, access.EntityAPIKey, owner, owner) != access.Granted {
		return nil, unauthorized()
	}
	if key.Permissions != nil {
		p.Access = access.Intersect(p.Access, access.Set{Permissions: key.Permissions}, owner)
	}
	p.Credential, p.expires = key.ref(), key.Expires
	return p, nil
}
