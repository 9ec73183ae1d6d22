package auth

import (
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// cacheOf is a cache that trusts what it remembers, at a time.
func cacheOf(principals, bytes int) (*principalCache, time.Time) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	c := newPrincipalCache(principals, bytes)
	c.applyPoll(now, account.AuthChangeBatch{At: now})
	return c, now
}

// somebody is a user with a session of the same id and a picture.
func somebody(id int64, picture int, now time.Time, roles ...int64) *account.Principal {
	return &account.Principal{
		User: account.User{ID: id, Picture: make([]byte, picture), RoleIDs: roles}, Credential: account.CredentialRef{Kind: account.CredentialSession, ID: id}, LastUsed: now,
	}
}

// hashOf is the hash of the token of the session.
func hashOf(id int64) token.Hash { return token.Hash{byte(id), byte(id >> 8)} }

func (c *principalCache) fill(now time.Time, people ...*account.Principal) {
	for _, p := range people {
		_, generation := c.find(hashOf(p.User.ID), now, now)
		c.store(hashOf(p.User.ID), p, generation, now, now)
	}
}

// there returns who of users 1 to n are remembered.
func (c *principalCache) there(n int64) (ids []int64) {
	for id := range n {
		if c.entries.Contains(hashOf(id + 1)) {
			ids = append(ids, id+1)
		}
	}
	return ids
}

func (c *principalCache) want(t *testing.T, what string, n int64, ids ...int64) {
	t.Helper()
	if got := c.there(n); !slices.Equal(got, ids) {
		t.Errorf("%s: %v are remembered, want %v", what, got, ids)
	}
}

// However many sign in, memory is bounded, and the least recently used go first.
func TestPrincipalCacheIsBounded(t *testing.T) {
	t.Run("by count", func(t *testing.T) {
		c, now := cacheOf(3, maxPrincipalBytes)
		c.fill(now, somebody(1, 0, now), somebody(2, 0, now), somebody(3, 0, now))
		c.find(hashOf(1), now, now)
		c.fill(now, somebody(4, 0, now))
		c.want(t, "three of four", 4, 1, 3, 4)
	})
	t.Run("by bytes", func(t *testing.T) {
		c, now := cacheOf(100, 3*100_000)
		for id := range int64(50) {
			c.fill(now, somebody(id+1, 70_000, now))
		}
		c.want(t, "pictures", 50, 47, 48, 49, 50)
		c.fill(now, somebody(51, 400_000, now))
		c.want(t, "one that is too large by itself", 51)
	})
	t.Run("what has left leaves nothing", func(t *testing.T) {
		c, now := cacheOf(10, maxPrincipalBytes)
		for id := range int64(50) {
			c.fill(now, somebody(id+1, 10, now, 1, id+1), somebody(id+1, 10, now, 2))
		}
		if c.entries.Len() != 10 || len(c.affected) != 10+10+1+1 {
			t.Errorf("%d are remembered, by %d changes", c.entries.Len(), len(c.affected))
		}
		c.invalidate([]account.AuthChange{{Kind: account.AuthSettings}})
		if c.entries.Len() != 0 || len(c.affected) != 0 || c.bytes != 0 {
			t.Errorf("%d are remembered, by %d changes, with %d bytes", c.entries.Len(), len(c.affected), c.bytes)
		}
	})
}

func TestForgetsWhomAChangeIsAbout(t *testing.T) {
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
		{"somebody else", account.AuthChange{Kind: account.AuthUser, ID: 9}, []int64{1, 2, 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, now := cacheOf(10, maxPrincipalBytes)
			key := somebody(3, 0, now, 8)
			key.Credential.Kind = account.CredentialNamedKey
			c.fill(now, somebody(1, 0, now, 7, 8), somebody(2, 0, now, 7), key)
			c.applyPoll(now, account.AuthChangeBatch{Changes: []account.AuthChange{test.change}, At: now})
			c.want(t, "left", 3, test.left...)
		})
	}
}

// TestForgetsEverybodyAfterAGap: rows may have come and gone unseen.
func TestForgetsEverybodyAfterAGap(t *testing.T) {
	for name, test := range map[string]struct {
		at      time.Duration // by the clock of the database
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
			c, now := cacheOf(10, maxPrincipalBytes)
			c.fill(now, somebody(1, 0, now))
			changes := make([]account.AuthChange, test.changes)
			for i := range changes {
				changes[i] = account.AuthChange{Kind: account.AuthSession, ID: int64(i + 100)}
			}
			c.applyPoll(now, account.AuthChangeBatch{Changes: changes, At: now.Add(test.at)})
			if kept := len(c.there(1)) == 1; kept != test.kept {
				t.Errorf("kept: %v, want %v", kept, test.kept)
			}
		})
	}
}

// After a silence there may be too many changes to read them by their numbers: they are
// read by their age, and everybody is forgotten anyhow.
func TestReadsChangesByAgeAfterAGap(t *testing.T) {
	c, now := cacheOf(10, maxPrincipalBytes)
	c.applyPoll(now, account.AuthChangeBatch{At: now, Last: 7})
	for silence, want := range map[time.Duration]int64{0: 7, maxPollGap: 7, maxPollGap + 1: 0} {
		if got := c.lastNumber(now.Add(silence)); got != want {
			t.Errorf("after %v what comes behind %d is read, want %d", silence, got, want)
		}
	}
}

// A change that nobody was told of is known after a minute all the same.
func TestUserTextsAreReadAnewEachMinute(t *testing.T) {
	c, now := cacheOf(10, maxPrincipalBytes)
	c.storeUser(1, encodedUser{[]byte("x"), now}, c.generation, now)
	for age, want := range map[time.Duration]bool{0: true, touchInterval - 1: true, touchInterval: false} {
		later := now.Add(age)
		c.applyPoll(later, account.AuthChangeBatch{At: c.databaseAt})
		if text, _ := c.findUser(1, later); (text != nil) != want {
			t.Errorf("after %v: %q, want it remembered: %v", age, text, want)
		}
	}
}

// However many are shown, what is remembered of them is bounded, and nothing is left of
// what was forgotten.
func TestUserTextsAreBounded(t *testing.T) {
	c, now := cacheOf(10, maxPrincipalBytes)
	for id := range int64(maxCachedUsers + 5) {
		c.storeUser(id, encodedUser{[]byte("x"), now}, c.generation, now)
	}
	if n := c.users.entries.Len(); n != maxCachedUsers || *c.users.bytes != n*(1+cachedUserOverhead) {
		t.Errorf("%d are remembered, with %d bytes", n, *c.users.bytes)
	}
	for id := range int64(maxCachedUserBytes>>20 + 20) {
		c.storeUser(id, encodedUser{make([]byte, 1<<20), now}, c.generation, now)
	}
	if n := c.users.entries.Len(); n != maxCachedUserBytes>>20-1 || *c.users.bytes > maxCachedUserBytes {
		t.Errorf("%d long ones are remembered, with %d bytes", n, *c.users.bytes)
	}
	c.invalidate([]account.AuthChange{{Kind: account.AuthUser, ID: 39}})
	if text, _ := c.findUser(39, now); text != nil {
		t.Error("a user who was changed is remembered")
	}
	if text, _ := c.findUser(38, now); text == nil {
		t.Error("another one is not")
	}
	c.invalidate([]account.AuthChange{{Kind: account.AuthRole, ID: 1}})
	if c.users.entries.Len() != 0 || *c.users.bytes != 0 {
		t.Errorf("%d are remembered, with %d bytes", c.users.entries.Len(), *c.users.bytes)
	}
	generation := c.generation
	c.invalidate([]account.AuthChange{{Kind: account.AuthUser, ID: 1}})
	c.storeUser(1, encodedUser{[]byte("read before"), now}, generation, now)
	c.storeUser(2, encodedUser{[]byte("not sure"), now}, c.generation, now.Add(maxStaleness))
	if c.users.entries.Len() != 0 {
		t.Error("what may be from before a change is remembered")
	}
}
