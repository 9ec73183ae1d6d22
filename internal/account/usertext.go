package account

import (
	"context"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Bounds of what a node remembers of users who were shown.
const (
	maxCachedUsers     = 120_000
	maxCachedUserBytes = 64 << 20
	// userTextBytes is about what one takes besides its text.
	cachedUserOverhead = 256
)

// userTexts remembers what users are shown as, under the lock of a [principalCache]. A
// user is shown with his fields, his roles and whether he is locked: all that he is
// let in with, so he is forgotten by the same changes.
type userCache struct {
	entries *simplelru.LRU[int64, encodedUser]
	bytes   *int
}

// userText is what one user is shown as, and when that was read, by the steady clock. It is
// read anew each [touchInterval], as credentials are: of a change that nobody was told of,
// after a crash in the middle of a commit say, nobody knows longer than that.
type encodedUser struct {
	text []byte
	read time.Time
}

func newUserCache() userCache {
	bytes := new(int)
	// It fails for no entries alone.
	entries, _ := simplelru.NewLRU(maxCachedUsers, func(_ int64, t encodedUser) { *bytes -= len(t.text) + cachedUserOverhead })
	return userCache{entries, bytes}
}

func (t userCache) keep(id int64, u encodedUser) {
	t.entries.Remove(id)
	t.entries.Add(id, u)
	for *t.bytes += len(u.text) + cachedUserOverhead; *t.bytes > maxCachedUserBytes; {
		t.entries.RemoveOldest()
	}
}

// forget forgets whom a change is about: those who have a role are not looked for, since
// roles are changed seldom. To begin anew takes no time, however many there were.
func (t *userCache) forget(change AuthChange) {
	switch change.Kind {
	case AuthUser:
		t.entries.Remove(change.ID)
	case AuthRole, AuthSettings:
		*t = newUserCache()
	}
}

// Rest forgets what is remembered to be quick. It is for when nobody has asked for
// anything in a while, and takes nothing but time from who asks next.
func (s *Service) DropCaches() { s.principals.forget([]AuthChange{{Kind: AuthSettings}}) }

// UserText returns what write makes of one user; it must follow from him alone, and
// nobody may change it. It is remembered as long as nothing about him changes, and
// holds, as who is let in does, at once where that is made and within a second elsewhere.
// It fails as [Service.User] does.
func (s *Service) EncodedUser(ctx context.Context, caller *Principal, id int64, write func(User) ([]byte, error)) ([]byte, error) {
	if err := Allow(caller, access.ActionRead, access.EntityUser, id); err != nil {
		return nil, err
	}
	began := s.monotonic()
	text, moment := s.principals.userText(id, began)
	if text != nil {
		return text, nil
	}
	u, err := findUser(ctx, s.store, id, s.now())
	if err != nil {
		return nil, err
	}
	text, err = write(u)
	if err == nil && !u.LockedOut { // a lock ends by itself
		s.principals.keepUserText(id, encodedUser{text, began}, moment, s.monotonic())
	}
	return text, err
}

// userText returns what a user is remembered to be shown as, or nil, and what
// [principalCache.keepUserText] has to be told of the moment.
func (c *principalCache) userText(id int64, steady time.Time) (text []byte, moment uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.trusted(steady) {
		return nil, c.applied
	}
	if u, ok := c.texts.entries.Get(id); ok && steady.Sub(u.read) < touchInterval {
		text = u.text
	}
	return text, c.applied
}

// keepUserText remembers what a user is shown as, unless anything was forgotten since the
// moment at which reading him began.
func (c *principalCache) keepUserText(id int64, u encodedUser, moment uint64, steady time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.applied == moment && c.trusted(steady) {
		c.texts.keep(id, u)
	}
}
