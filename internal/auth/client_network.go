package auth

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// IsExempt reports whether the limits of client networks don't apply to a client network, because
// the operator has exempted it.
func (s *Auth) IsExempt(network string) bool {
	if len(s.exempt) == 0 {
		return false
	}
	prefix, err := netip.ParsePrefix(network)
	if err != nil {
		address, err := netip.ParseAddr(network)
		if err != nil {
			return false
		}
		prefix = netip.PrefixFrom(address, address.BitLen())
	}
	return slices.ContainsFunc(s.exempt, func(exempt netip.Prefix) bool {
		return exempt.Bits() <= prefix.Bits() && exempt.Contains(prefix.Addr())
	})
}

// CheckNetwork fails with CodeTooManyRequests while a client network is locked because it failed
// too often.
func (s *Auth) CheckNetwork(ctx context.Context, tx *account.Tx, network string, now time.Time) error {
	if s.IsExempt(network) {
		return nil
	}
	counter, err := tx.Throttle(ctx, lockout.NetworkKey(network))
	if err != nil {
		return err
	}
	if counter.IsLocked(now) {
		return account.TooManyRequests(counter.LockedUntil.Sub(now))
	}
	return nil
}

// FailNetwork counts one failure of a client network.
func (s *Auth) FailNetwork(ctx context.Context, tx *account.Tx, network string, now time.Time) error {
	return s.failNetwork(ctx, tx, network, 1, now)
}

// failNetwork counts failures of a client network.
func (s *Auth) failNetwork(ctx context.Context, tx *account.Tx, network string, failures int, now time.Time) error {
	if s.IsExempt(network) {
		return nil
	}
	counter, err := tx.LockThrottle(ctx, lockout.NetworkKey(network))
	if err != nil {
		return err
	}
	for range failures {
		counter.FailNetwork(now)
	}
	return tx.SaveThrottle(ctx, counter)
}

// failNetworks counts one failure for each element of networks, in one transaction.
func (s *Auth) failNetworks(ctx context.Context, networks []string) error {
	if len(networks) == 0 {
		return nil
	}
	failures := map[string]int{}
	for _, network := range networks {
		failures[network]++
	}
	return s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		now := s.now()
		for _, network := range slices.Sorted(maps.Keys(failures)) { // in order, so that servers don't deadlock
			if err := s.failNetwork(ctx, tx, network, failures[network], now); err != nil {
				return err
			}
		}
		return nil
	})
}
