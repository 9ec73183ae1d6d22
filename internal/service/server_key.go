package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// keyAnswers are the last answers of this server to the announcements of server keys.
type keyAnswers struct {
	mu    sync.Mutex // held while the keys are read
	given map[string]keyAnswer
}

// keyAnswer is an answer, and the time of the announcement.
type keyAnswer struct {
	announced time.Time
	holds     bool
}

// CheckKey checks that the key ring has every server key that the data needs, and begins to use
// the current one. If the database is older than the signed activity log, it initialises the
// chain of signatures.
//
// It fails with [ErrNotSetUp] and [ErrWrongKey].
func (s *Service) CheckKey(ctx context.Context) error {
	keys, err := s.useKeys(ctx)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return ErrNotSetUp
	}
	if missing := s.missingKeys(keys); len(missing) > 0 {
		return fmt.Errorf("%w (%s is missing)", ErrWrongKey, missing[0].ID)
	}
	for _, k := range keys {
		if k.State == keyring.Retired && s.keys.Matches(k.Check) {
			s.log.WarnContext(ctx, "a retired server key is still given to this server, which does not use it; "+
				"remove it from the file or variable of the server key", "key", k.ID)
		}
	}
	head, err := s.store.ChainEnd(ctx, account.ChainHead)
	if account.IgnoreNotFound(err) != nil {
		return err
	}
	if err == nil && head.Unsigned() {
		return s.store.Write(ctx, s.Log.InitChain)
	}
	return nil
}

// useKeys reads the server keys of the database and applies their states to the key ring.
func (s *Service) useKeys(ctx context.Context) ([]keyring.StoredKey, error) {
	keys, err := s.store.ServerKeys(ctx)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	primary, accepted := "", []string(nil)
	for _, k := range keys {
		if k.State == keyring.Current {
			primary = k.ID
		}
		if k.IsAccepted() && s.keys.Matches(k.Check) {
			accepted = append(accepted, k.ID)
		}
	}
	if primary == "" {
		return nil, fmt.Errorf("%w (the database has no current key)", ErrWrongKey)
	}
	s.keys.Use(primary, accepted...)
	return keys, nil
}

// missingKeys returns the keys that the data needs and the key ring does not have.
func (s *Service) missingKeys(keys []keyring.StoredKey) []keyring.StoredKey {
	return slices.DeleteFunc(slices.Clone(keys), func(k keyring.StoredKey) bool {
		needed := k.State == keyring.Current || k.State == keyring.Retiring
		return !needed || s.keys.Matches(k.Check)
	})
}

// RefreshKeys follows a rotation of the server key, which another process does. A server calls it
// once a second. It reads the key ring again if a key is missing, and answers the announcement of a
// new key.
//
// It fails with [ErrWrongKey] when this server lacks a key that the data needs.
func (s *Service) RefreshKeys(ctx context.Context) error {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	keys, err := s.useKeys(ctx)
	if err != nil {
		return err
	}
	lacks := func(k keyring.StoredKey) bool { return k.IsAccepted() && !s.keys.Matches(k.Check) }
	var readErr error
	if slices.ContainsFunc(keys, lacks) && s.readKeys != nil {
		if readErr = s.ReadServerKeys(); readErr == nil {
			if keys, err = s.useKeys(ctx); err != nil {
				return err
			}
		}
	}
	for _, k := range keys {
		if k.State == keyring.Announced {
			if err := s.answerAnnouncement(ctx, k); err != nil {
				return err
			}
		}
	}
	if missing := s.missingKeys(keys); len(missing) > 0 {
		return errors.Join(fmt.Errorf("%w (%s is missing)", ErrWrongKey, missing[0].ID), readErr)
	}
	return readErr
}

// ReadServerKeys reads the key ring again from where its keys are kept. Keys that the database does
// not know are not used.
func (s *Service) ReadServerKeys() error {
	ring, err := s.readKeys()
	if err == nil {
		s.keys.Replace(ring)
	}
	return err
}

// answerAnnouncement stores whether this server has an announced key, unless it has given that
// answer already.
func (s *Service) answerAnnouncement(ctx context.Context, k keyring.StoredKey) error {
	holds := s.keys.Matches(k.Check)
	last := s.answers.given[k.ID]
	if s.serverName == "" || last.announced.Equal(k.Since) && last.holds == holds {
		return nil
	}
	err := s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		return tx.SaveKeyHolder(ctx, k.ID, k.Since, keyring.Holder{Server: s.serverName, Holds: holds})
	})
	if err == nil {
		s.answers.given[k.ID] = keyAnswer{announced: k.Since, holds: holds}
	}
	return err
}

// ServerKeys returns the server keys of the database, retired ones too, in the order of their
// states' beginning.
func (s *Service) ServerKeys(ctx context.Context) ([]keyring.StoredKey, error) {
	return s.store.ServerKeys(ctx)
}

// KeyUses counts what is sealed and signed with each server key, except the entries of the activity
// log.
func (s *Service) KeyUses(ctx context.Context) ([]keyring.Usage, error) { return s.store.KeyUses(ctx) }

// HasServerKey reports whether this process has a server key of the database.
func (s *Service) HasServerKey(k keyring.StoredKey) bool { return s.keys.Matches(k.Check) }

// UnknownKeys returns the check values of the keys that this process has and the database has never
// had. The next rotation can use one of them as the new key.
func (s *Service) UnknownKeys(ctx context.Context) ([]keyring.Check, error) {
	keys, err := s.store.ServerKeys(ctx)
	return slices.DeleteFunc(s.keys.Checks(), func(c keyring.Check) bool {
		return slices.ContainsFunc(keys, func(k keyring.StoredKey) bool { return k.ID == c.ID })
	}), err
}
