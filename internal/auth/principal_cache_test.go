package auth

import (
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// trustedCache returns a cache that was just polled, and the time of that poll.
func trustedCache(principals, bytes int) (*principalCache, time.Time) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	c := newPrincipalCache(principals, bytes)
	c.applyPoll(now, account.AuthChangeBatch{At: now})
	return c, now
}

// principalOf returns a principal whose user has the given id and a picture of pictureBytes
// bytes. Its session has the same id.
func principalOf(id int64, pictureBytes int, now time.Time, roles ...int64) *account.Principal {
	return &account.Principal{
		User:       account.User{ID: id, Profile: account.Profile{Picture: make([]byte, pictureBytes)}, RoleIDs: roles},
		Credential: account.CredentialRef{Kind: account.CredentialSession, ID: id}, LastUsed: now,
	}
}

// hashOf returns the token hash that stands for the session with this id.
func hashOf(id int64) token.Hash { return token.Hash{byte(id), byte(id >> 8)} }

// fill stores principals in the cache.
func (c *principalCache) fill(now time.Time, principals ...*account.Principal) {
	for _, p := range principals {
		_, generation := c.find(hashOf(p.User.ID), now, now)
		c.store(hashOf(p.User.ID), p, generation, now, now)
	}
}

// cachedIDs returns which of the users 1 to n are cached.
func (c *principalCache) cachedIDs(n int64) (ids []int64) {
	for id := range n {
		if c.entries.Contains(hashOf(id + 1)) {
			ids = append(ids, id+1)
		}
	}
	return ids
}

// want fails the test unless exactly the users ids, of the users 1 to n, are cached.
func (c *principalCache) want(t *testing.T, what string, n int64, ids ...int64) {
	t.Helper()
	if got := c.cachedIDs(n); !slices.Equal(got, ids) {
		t.Errorf("%s: %v are cached, want %v", what, got, ids)
	}
}

// The cache is limited by count and by bytes. It evicts the least recently used entry first.
func TestPrincipalCacheIsBounded(t *testing.T) {
	t.Run("by count", func(t *testing.T) {
		c, now := trustedCache(3, maxPrincipalBytes)
		c.fill(now, principalOf(1, 0, now), principalOf(2, 0, now), principalOf(3, 0, now))
		c.find(hashOf(1), now, now)
		c.fill(now, principalOf(4, 0, now))
		c.want(t, "three of four", 4, 1, 3, 4)
	})
	t.Run("by bytes", func(t *testing.T) {
		c, now := trustedCache(100, 3*100_000)
		for id := range int64(50) {
			c.fill(now, principalOf(id+1, 70_000, now))
		}
		c.want(t, "pictures", 50, 47, 48, 49, 50)
		c.fill(now, principalOf(51, 400_000, now))
		c.want(t, "one that is too large by itself", 51)
	})
	t.Run("evicted entries leave nothing", func(t *testing.T) {
		c, now := trustedCache(10, maxPrincipalBytes)
		for id := range int64(50) {
			c.fill(now, principalOf(id+1, 10, now, 1, id+1), principalOf(id+1, 10, now, 2))
		}
		if c.entries.Len() != 10 || len(c.affected) != 10+10+1+1 {
			t.Errorf("%d entries are cached, under %d changes", c.entries.Len(), len(c.affected))
		}
		c.invalidate([]account.AuthChange{{Kind: account.AuthSettings}})
		if c.entries.Len() != 0 || len(c.affected) != 0 || c.bytes != 0 {
			t.Errorf("%d entries are cached, under %d changes, with %d bytes", c.entries.Len(), len(c.affected), c.bytes)
		}
	})
}

func TestChangeInvalidatesItsEntries(t *testing.T) {
	for _, test := range []struct {
		name   string
		change account.AuthChange
		left   []int64
	}{
		{"a user", account.AuthChange{Kind: account.AuthUser, ID: 1}, []int64{2, 3}},
		{"a session", account.AuthChange{Kind: account.AuthSession, ID: 2}, []int64{1, 3}},
		{"a key", account.AuthChange{Kind: account.AuthKey, ID: 3}, []int64{1, 2}},
		{"a key with the id of a session", account.AuthChange{Kind: account.AuthKey, ID: 1}, []int64{1, 2, 3}},
		{"a role", account.AuthChange{Kind: account.AuthRole, ID: 7}, []int64{3}},
		{"the settings", account.AuthChange{Kind: account.AuthSettings}, nil},
		{"another user", account.AuthChange{Kind: account.AuthUser, ID: 9}, []int64{1, 2, 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, now := trustedCache(10, maxPrincipalBytes)
			key := principalOf(3, 0, now, 8)
			key.Credential.Kind = account.CredentialNamedKey
			c.fill(now, principalOf(1, 0, now, 7, 8), principalOf(2, 0, now, 7), key)
			c.applyPoll(now, account.AuthChangeBatch{Changes: []account.AuthChange{test.change}, At: now})
			c.want(t, "left", 3, test.left...)
		})
	}
}

// After a gap between polls the node may have missed changes, so it empties the cache.
func TestGapEmptiesTheCache(t *testing.T) {
	for name, test := range map[string]struct {
		at      time.Duration // time since the last poll, by the database's clock
		changes int
		kept    bool
	}{
		"at once":                      {0, 0, true},
		"as long as nothing is missed": {maxPollGap, 0, true},
		"longer":                       {maxPollGap + 1, 0, false},
		"the clock was set back":       {-1, 0, false},
		"many changes":                 {0, maxInvalidations - 1, true},
		"more changes than are read":   {0, maxInvalidations, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, now := trustedCache(10, maxPrincipalBytes)
			c.fill(now, principalOf(1, 0, now))
			changes := make([]account.AuthChange, test.changes)
			for i := range changes {
				changes[i] = account.AuthChange{Kind: account.AuthSession, ID: int64(i + 100)}
			}
			c.applyPoll(now, account.AuthChangeBatch{Changes: changes, At: now.Add(test.at)})
			if kept := len(c.cachedIDs(1)) == 1; kept != test.kept {
				t.Errorf("kept: %v, want %v", kept, test.kept)
			}
		})
	}
}

// After a gap between polls there may be too many changes after the last number. The next poll
// then asks for the changes of a period instead. The cache is emptied anyway.
func TestPollByAgeAfterAGap(t *testing.T) {
	c, now := trustedCache(10, maxPrincipalBytes)
	c.applyPoll(now, account.AuthChangeBatch{At: now, Last: 7})
	for gap, want := range map[time.Duration]int64{0: 7, maxPollGap: 7, maxPollGap + 1: 0} {
		if got := c.lastNumber(now.Add(gap)); got != want {
			t.Errorf("after %v the poll reads changes after %d, want %d", gap, got, want)
		}
	}
}

// The cached JSON of a user expires after a minute. A change that no node ever learned of is
// therefore visible after a minute.
func TestEncodedUserExpires(t *testing.T) {
	c, now := trustedCache(10, maxPrincipalBytes)
	c.storeUser(1, encodedUser{text: []byte("x"), read: now}, c.generation, now)
	for age, want := range map[time.Duration]bool{0: true, touchInterval - 1: true, touchInterval: false} {
		later := now.Add(age)
		c.applyPoll(later, account.AuthChangeBatch{At: c.databaseAt})
		if text, _ := c.findUser(1, later); (text != nil) != want {
			t.Errorf("after %v: %q, want it cached: %v", age, text, want)
		}
	}
}

// The cache of users is limited by count and by bytes. Its size no longer includes entries that
// were invalidated.
func TestUserCacheIsBounded(t *testing.T) {
	c, now := trustedCache(10, maxPrincipalBytes)
	for id := range int64(maxCachedUsers + 5) {
		c.storeUser(id, encodedUser{text: []byte("x"), read: now}, c.generation, now)
	}
	if n := c.users.entries.Len(); n != maxCachedUsers || *c.users.bytes != n*(1+cachedUserOverhead) {
		t.Errorf("%d users are cached, with %d bytes", n, *c.users.bytes)
	}
	for id := range int64(maxCachedUserBytes>>20 + 20) {
		c.storeUser(id, encodedUser{text: make([]byte, 1<<20), read: now}, c.generation, now)
	}
	if n := c.users.entries.Len(); n != maxCachedUserBytes>>20-1 || *c.users.bytes > maxCachedUserBytes {
		t.Errorf("%d large users are cached, with %d bytes", n, *c.users.bytes)
	}
	c.invalidate([]account.AuthChange{{Kind: account.AuthUser, ID: 39}})
	if text, _ := c.findUser(39, now); text != nil {
		t.Error("a changed user is cached")
	}
	if text, _ := c.findUser(38, now); text == nil {
		t.Error("another user is not cached")
	}
	c.invalidate([]account.AuthChange{{Kind: account.AuthRole, ID: 1}})
	if c.users.entries.Len() != 0 || *c.users.bytes != 0 {
		t.Errorf("%d users are cached, with %d bytes", c.users.entries.Len(), *c.users.bytes)
	}
	generation := c.generation
	c.invalidate([]account.AuthChange{{Kind: account.AuthUser, ID: 1}})
	c.storeUser(1, encodedUser{text: []byte("read before"), read: now}, generation, now)
	c.storeUser(2, encodedUser{text: []byte("not trusted"), read: now}, c.generation, now.Add(maxStaleness))
	if c.users.entries.Len() != 0 {
		t.Error("a user is cached that may have been read before a change")
	}
}
