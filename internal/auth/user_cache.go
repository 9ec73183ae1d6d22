package auth

import (
	"context"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Limits of one node's cache of users.
const (
	maxCachedUsers     = 120_000
	maxCachedUserBytes = 64 << 20
	// cachedUserOverhead estimates the size of an entry without its text, in bytes.
	cachedUserOverhead = 256
)

// userCache maps a user's id to the user's JSON. The lock of its [principalCache] guards it. The
// JSON depends on the same data as the principal (fields, roles, lockout), so the same changes
// invalidate both.
type userCache struct {
	entries *simplelru.LRU[int64, encodedUser]
	bytes   *int
}

// encodedUser is the JSON of a user and the monotonic time at which the user was read. It
// expires after touchInterval, like a cached principal. That limits the effect of a change that
// no node learned of, for example after a crash during the commit.
type encodedUser struct {
	text []byte
	read time.Time
}

func newUserCache() userCache {
	bytes := new(int)
	// NewLRU fails only for a size below 1.
	entries, _ := simplelru.NewLRU(maxCachedUsers, func(_ int64, u encodedUser) {
		*bytes -= len(u.text) + cachedUserOverhead
	})
	return userCache{entries: entries, bytes: bytes}
}

// store adds a user's JSON. It evicts the least recently used entries beyond the limits.
func (c userCache) store(id int64, u encodedUser) {
	c.entries.Remove(id)
	c.entries.Add(id, u)
	for *c.bytes += len(u.text) + cachedUserOverhead; *c.bytes > maxCachedUserBytes; {
		c.entries.RemoveOldest()
	}
}

// invalidate removes the users that a change affects. A change of a role removes all users: such
// changes are rare, and emptying the cache takes constant time.
func (c *userCache) invalidate(change account.AuthChange) {
	switch change.Kind {
	case account.AuthUser:
		c.entries.Remove(change.ID)
	case account.AuthRole, account.AuthSettings:
		*c = newUserCache()
	}
}

// DropCaches empties the caches to release memory while the server is idle. The next requests
// read the database again.
func (s *Auth) DropCaches() {
	s.principals.invalidate([]account.AuthChange{{Kind: account.AuthSettings}})
}

// EncodedUser returns the JSON of a user, from the cache if possible. Without a cached copy it
// calls encode, whose result must depend on the user alone. Callers must not modify the result.
// A change of the user applies at once on this node, and within a second on the others.
//
// EncodedUser fails as [account.Allow] and encode do, and with CodeNotFound.
func (s *Auth) EncodedUser(
	ctx context.Context, caller *account.Principal, id int64, encode func(account.User) ([]byte, error),
) ([]byte, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityUser, id); err != nil {
		return nil, err
	}
	began := s.monotonic()
	text, generation := s.principals.findUser(id, began)
	if text != nil {
		return text, nil
	}
	u, err := account.FindUser(ctx, s.store, id, s.now())
	if err != nil {
		return nil, err
	}
	text, err = encode(u)
	if err == nil && !u.LockedOut { // a lockout expires without a change that would invalidate the entry
		s.principals.storeUser(id, encodedUser{text: text, read: began}, generation, s.monotonic())
	}
	return text, err
}

// findUser returns the cached JSON of a user, or nil. Pass the returned generation to
// [principalCache.storeUser].
func (c *principalCache) findUser(id int64, monotonic time.Time) (text []byte, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.trusted(monotonic) {
		return nil, c.generation
	}
	if u, ok := c.users.entries.Get(id); ok && monotonic.Sub(u.read) < touchInterval {
		text = u.text
	}
	return text, c.generation
}

// storeUser caches the JSON of a user, unless any entry was invalidated since the user was read
// in generation.
func (c *principalCache) storeUser(id int64, u encodedUser, generation uint64, monotonic time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == generation && c.trusted(monotonic) {
		c.users.store(id, u)
	}
}
