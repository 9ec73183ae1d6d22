package audit

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

const (
	// refusedReadInterval is the length of the period whose refused reads of a user become one
	// entry.
	refusedReadInterval = time.Minute
	// maxRefusedReads limits the counts in memory. Refusals of further users are not counted until
	// the counts are recorded, which takes a minute, or longer while the database refuses writes.
	maxRefusedReads = 10_000
)

// refusedReads counts the refused reads of each user and minute in memory, so that a refusal
// writes nothing. Its zero value is ready to use. It is safe for concurrent use.
type refusedReads struct {
	mu     sync.Mutex
	counts map[refusedReadKey]account.Activity

	recording sync.Mutex // held while counts are written to the log, so that none is written twice
}

type refusedReadKey struct {
	minute int64 // Unix time of its start, in microseconds
	userID int64
}

// CountRefusedRead counts one read that the caller was refused for want of a permission. It
// returns at once. The activity log gets one entry for each user and minute, with the credential
// and the client network of the first refusal. It is written by [Log.SealActivity] after the
// minute. A crash loses the counts of the last minute.
func (s *Log) CountRefusedRead(caller *account.Principal) {
	minute := s.now().Truncate(refusedReadInterval)
	key := refusedReadKey{minute.UnixMicro(), caller.User.ID}
	s.refused.mu.Lock()
	defer s.refused.mu.Unlock()
	entry, ok := s.refused.counts[key]
	if !ok {
		if len(s.refused.counts) >= maxRefusedReads {
			return
		}
		if s.refused.counts == nil {
			s.refused.counts = map[refusedReadKey]account.Activity{}
		}
		entry = account.Activity{At: minute, Actor: caller.Actor(), Event: account.Event{
			Action: account.ActionReadRefused,
			Target: account.Target{Kind: access.EntityUser, ID: caller.User.ID, Name: caller.User.Email},
		}}
	}
	entry.Count++
	s.refused.counts[key] = entry
}

// RecordRefusedReads adds an entry to the activity log for each count of a minute that began
// before the given time. If it fails, the counts are kept. It drops them if the log is disabled.
func (s *Log) RecordRefusedReads(ctx context.Context, before time.Time) error {
	s.refused.recording.Lock()
	defer s.refused.recording.Unlock()
	counts := s.refused.before(before)
	for batch := range slices.Chunk(counts, maxBatchEntries) {
		err := s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			enabled, err := s.isEnabled(ctx, tx)
			if err != nil || !enabled {
				return err
			}
			return tx.InsertActivity(ctx, batch...)
		})
		if err != nil {
			return err
		}
		s.refused.remove(batch)
	}
	return nil
}

// before returns the counts of minutes that began before a time, ordered by time and user.
func (r *refusedReads) before(t time.Time) (entries []account.Activity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, entry := range r.counts {
		if key.minute < t.UnixMicro() {
			entries = append(entries, entry)
		}
	}
	slices.SortFunc(entries, func(a, b account.Activity) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Actor.ID, b.Actor.ID))
	})
	return entries
}

// remove removes counts that were recorded. Refusals that were counted meanwhile remain.
func (r *refusedReads) remove(recorded []account.Activity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, entry := range recorded {
		key := refusedReadKey{entry.At.UnixMicro(), entry.Actor.ID}
		left := r.counts[key]
		if left.Count -= entry.Count; left.Count > 0 {
			r.counts[key] = left
		} else {
			delete(r.counts, key)
		}
	}
}
