package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const (
	signIns   = 60
	writeTime = 3 * time.Second
	writers   = 16 // sign-ins that run concurrently
)

// measureSignIns compares the CPU time of a sign-in with that of its hash. Each sign-in writes an activity log entry.
// So measureSignIns also compares the rate at which the server seals entries with the rate of sign-ins.
func measureSignIns(ctx context.Context, out io.Writer, e *engine, s *seeder) error {
	hash, err := cpuOf(func() error {
		slot, err := s.pool.Acquire("bench")
		if err != nil {
			return err
		}
		defer slot.Release()
		for range signIns {
			if _, err := slot.Hash(ctx, secret.New(password)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	before, err := e.walBytes(ctx)
	if err != nil {
		return err
	}
	all, err := cpuOf(func() error {
		for n := range signIns {
			id := int64(2 + (s.users-2)*n/signIns)
			origin := account.Origin{ClientNetwork: clientNetwork(id), Device: device}
			if _, err := s.accounts.SignIn(ctx, email(id), secret.New(password), origin); err != nil {
				return err
			}
		}
		return s.accounts.SealActivity(ctx)
	})
	if err != nil {
		return err
	}
	after, err := e.walBytes(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "CPU time of a hash: %.1f ms. CPU time of a sign-in in Usher: %.2f times that, "+
		"so %.0f sign-ins/s a core here.\n",
		hash.Seconds()/signIns*1000, all.Seconds()/hash.Seconds(), signIns/all.Seconds())
	if e.walQuery != "" {
		fmt.Fprintf(out, "Write-ahead log of a sealed sign-in, with full pages after a checkpoint: %d bytes.\n",
			(after-before)/signIns)
		if _, err := e.db.ExecContext(ctx, `VACUUM activity`); err != nil {
			return err
		}
	}
	return measureSealing(ctx, out, e, s)
}

// walBytes returns the number of bytes written to the write-ahead log so far, and then runs CHECKPOINT. On SQLite it
// returns 0 and does nothing.
func (e *engine) walBytes(ctx context.Context) (int64, error) {
	if e.walQuery == "" {
		return 0, nil
	}
	n, err := e.queryInt(ctx, e.walQuery)
	if err != nil {
		return 0, err
	}
	_, err = e.db.ExecContext(ctx, `CHECKPOINT`)
	return n, err
}

// measureSealing inserts the rows of sign-ins, each in its own transaction. It then measures how fast the server seals
// their activity log entries.
func measureSealing(ctx context.Context, out io.Writer, e *engine, s *seeder) error {
	before, err := e.walBytes(ctx)
	if err != nil {
		return err
	}
	var written atomic.Int64
	var wg sync.WaitGroup
	failures := make([]error, writers)
	start := time.Now()
	for worker := range writers {
		wg.Go(func() {
			for time.Since(start) < writeTime && failures[worker] == nil {
				n := written.Add(1)
				failures[worker] = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
					return s.signIn(ctx, tx, 2+n%int64(s.users-2), sessionHash(-n), time.Now())
				})
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	writes := float64(written.Load()) / time.Since(start).Seconds()
	start = time.Now()
	if err := s.accounts.SealActivity(ctx); err != nil {
		return err
	}
	seals := float64(written.Load()) / time.Since(start).Seconds()
	fmt.Fprintf(out, "Rows of sign-ins written durably by %d writers: %.0f/s. "+
		"Sealed afterwards: %.0f/s, %.1f times as fast.\n",
		writers, writes, seals, seals/writes)
	after, err := e.walBytes(ctx)
	if err == nil && e.walQuery != "" {
		fmt.Fprintf(out, "Write-ahead log of a session, its entry and its seal, many between checkpoints: %d bytes.\n",
			(after-before)/written.Load())
	}
	return err
}

// cpuOf returns the CPU time that this process takes to run f, without the database's processes.
func cpuOf(f func() error) (time.Duration, error) {
	before := procfs.SelfCPUSeconds()
	err := f()
	return time.Duration((procfs.SelfCPUSeconds() - before) * float64(time.Second)), err
}
