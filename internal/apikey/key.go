package apikey

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// expiredKeyLife is how long an expired key is still listed.
const ExpiredKeyLife = 30 * 24 * time.Hour

// hintLength is how many characters of a key its owner knows it again by. They
// are those of its checksum.
const hintLength = 4

// newAPIKey makes the text of a key, and the key with what follows from that.
func (s *Keys) newAPIKey(kind account.APIKeyKind, userID int64) (secret.Text, account.APIKey, error) {
	text, hash, err := token.New(token.APIKey, s.random)
	if err != nil {
		return secret.Text{}, account.APIKey{}, err
	}
	hint := text.Reveal()[len(text.Reveal())-hintLength:]
	return text, account.APIKey{UserID: userID, Kind: kind, Hash: hash, Hint: hint, Created: s.now()}, nil
}
