package account

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/seed-3a99a2fe/usher/internal/token"
)

// Bounds of what a node remembers of who was let in.
const (
	maxPrincipals     = 50_000
	maxPrincipalBytes = 64 << 20
	// principalBytes is about what one takes besides its texts and lists.
	principalOverhead = 2 << 10
)

// principalCache remembers whom a credential has let in. It answers only while the
// node hears of every change; see [PollInterval]. The least recently used go first.
type principalCache struct {
	mu      sync.Mutex
	entries *simplelru.LRU[token.Hash, *cacheEntry]
	about   map[AuthChange]map[*cacheEntry]struct{} // who is forgotten by what
	texts   userCache
	bytes   int
	most    int // bytes
	// applied counts the times that something was forgotten for a change, whether it
	// was there or not: who was being read meanwhile may be read from before it.
	applied uint64
	began   time.Time // the last good read of changes, by this machine's steady clock
	at      time.Time // the same, by the clock of the database
	last    int64     // the number that it ended with
	lookups PrincipalLookups
}

// PrincipalLookups counts how credentials were looked up.
type PrincipalLookups struct {
	Hits   uint64 // from memory
	Misses uint64 // from the database, since it was not remembered or had to be read anew
	Stale  uint64 // from the database, since this node cannot be sure of having heard every change
}

// remembered is who was let in by a credential. It is shared, and never changed but for
// the bytes that it is counted with.
type cacheEntry struct {
	hash      token.Hash
	principal Principal
	bytes     int
}

// newPrincipalCache makes one that holds at most so many principals, more than none,
// and bytes.
func newPrincipalCache(principals, bytes int) *principalCache {
	c := &principalCache{about: map[AuthChange]map[*cacheEntry]struct{}{}, most: bytes, texts: newUserCache()}
	// It fails for no principals alone.
	c.entries, _ = simplelru.NewLRU(principals, func(_ token.Hash, r *cacheEntry) { c.evicted(r) })
	return c
}

// trusted reports whether this node is sure of having heard every change.
func (c *principalCache) trusted(steady time.Time) bool {
	return !c.began.IsZero() && steady.Sub(c.began) < maxStaleness
}

// find returns who is remembered to be let in by a credential, or nil, and what
// [principalCache.keep] has to be told of the moment. steady is the time of this
// machine's steady clock, now that of the service.
func (c *principalCache) find(hash token.Hash, steady, now time.Time) (p *Principal, moment uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.trusted(steady) {
		c.lookups.Stale++
		return nil, c.applied
	}
	r, ok := c.entries.Get(hash)
	if !ok || !valid(&r.principal, now) {
		c.lookups.Misses++
		return nil, c.applied
	}
	c.lookups.Hits++
	found := r.principal
	return &found, c.applied
}

// keep remembers who was let in by a credential, unless anything was forgotten
// since the moment at which reading him began.
func (c *principalCache) keep(hash token.Hash, p *Principal, moment uint64, steady, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A lock, which users are shown with, ends by itself.
	if c.applied != moment || !c.trusted(steady) || !valid(p, now) || p.User.LockedOut {
		return
	}
	r := &cacheEntry{hash: hash, principal: *p, bytes: sizeOf(p)}
	r.principal.From = Origin{}
	r.principal.Encoding = NewEncoding(func(bytes int) { c.addSize(r, bytes) })
	c.entries.Remove(hash)
	for _, about := range dependsOn(&r.principal) {
		if c.about[about] == nil {
			c.about[about] = map[*cacheEntry]struct{}{}
		}
		c.about[about][r] = struct{}{}
	}
	c.bytes += r.bytes
	c.entries.Add(hash, r)
	for c.bytes > c.most {
		c.entries.RemoveOldest()
	}
}

// grow counts bytes that are kept for somebody, if he is still remembered.
func (c *principalCache) addSize(r *cacheEntry, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now, ok := c.entries.Peek(r.hash); !ok || now != r {
		return
	}
	r.bytes += bytes
	c.bytes += bytes
	for c.bytes > c.most {
		c.entries.RemoveOldest()
	}
}

// evicted is called for each that leaves.
func (c *principalCache) evicted(r *cacheEntry) {
	c.bytes -= r.bytes
	for _, about := range dependsOn(&r.principal) {
		delete(c.about[about], r)
		if len(c.about[about]) == 0 {
			delete(c.about, about)
		}
	}
}

// heard returns the number that the last good read of changes ended with. It is 0 where
// that was so long ago that there may be too many since.
func (c *principalCache) heard(steady time.Time) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if steady.Sub(c.began) > maxPollGap {
		return 0
	}
	return c.last
}

// hear forgets whom the news are about that a read found which began at began. It
// forgets everybody when it may have missed some.
func (c *principalCache) hear(began time.Time, news AuthChangeBatch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gap := news.At.Sub(c.at); gap < 0 || gap > maxPollGap || len(news.Changes) >= maxInvalidations {
		news.Changes = []AuthChange{{Kind: AuthSettings}}
	}
	c.apply(news.Changes)
	if c.at, c.last = news.At, news.Last; began.After(c.began) {
		c.began = began
	}
}

// forget forgets whom the changes are about.
func (c *principalCache) forget(changes []AuthChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.apply(changes)
}

func (c *principalCache) apply(changes []AuthChange) {
	if len(changes) > 0 {
		c.applied++
	}
	for _, change := range changes {
		for r := range c.about[change] {
			c.entries.Remove(r.hash)
		}
		c.texts.forget(change)
	}
}

// stillIn reports whether what was read of a principal counts at a time: his
// credential has not come to its end, and its use has not to be kept anew.
func valid(p *Principal, now time.Time) bool {
	return now.Before(p.used.Add(touchInterval)) && (p.expires.IsZero() || now.Before(p.expires))
}

// about is every change by which the principal may become another.
func dependsOn(p *Principal) []AuthChange {
	credential := AuthChange{AuthKey, p.Credential.ID}
	if p.Credential.Kind == CredentialSession {
		credential.Kind = AuthSession
	}
	all := []AuthChange{{Kind: AuthSettings}, {AuthUser, p.User.ID}, credential}
	for _, id := range p.User.RoleIDs {
		all = append(all, AuthChange{AuthRole, id})
	}
	return all
}

// size is about how many bytes the principal takes.
func sizeOf(p *Principal) int {
	u := &p.User
	n := principalOverhead + len(u.Picture) + len(u.Email) + len(u.Name) + len(u.Identifier) + len(p.Session.ClientNetwork) + len(p.Session.Device)
	for _, text := range []*string{u.Surname, u.Department, u.Biography} {
		if text != nil {
			n += len(*text)
		}
	}
	const permission = 64
	for _, r := range p.Roles {
		n += len(r.Name) + len(r.Description)
		for _, held := range r.Permissions {
			n += permission + 8*len(held.IDs)
		}
	}
	for _, held := range p.Access.Permissions {
		n += permission + 8*len(held.IDs)
	}
	return n
}

// Lookups returns how credentials were looked up since the start.
func (s *Service) Lookups() PrincipalLookups {
	s.principals.mu.Lock()
	defer s.principals.mu.Unlock()
	return s.principals.lookups
}
