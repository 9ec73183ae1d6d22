package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const (
	signIns    = 60
	writeTime  = 3 * time.Second
	writeUsers = 16 // at once
)

// measureSignIns tells what a sign-in takes beside its hash, and how fast entries of
// the log are sealed beside how fast they are written.
func measureSignIns(ctx context.Context, out io.Writer, e *engine, f *filler) error {
	hash, err := cpuOf(func() error {
		ticket, err := f.pool.Acquire("bench")
		if err != nil {
			return err
		}
		defer ticket.Release()
		for range signIns {
			if _, err := ticket.Hash(ctx, secret.New(password)); err != nil {
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
			id := int64(2 + (f.users-2)*n/signIns)
			if _, err := f.accounts.SignIn(ctx, email(id), secret.New(password), account.Origin{ClientNetwork: source(id), Device: device}); err != nil {
				return err
			}
		}
		return f.accounts.SealActivity(ctx)
	})
	if err != nil {
		return err
	}
	after, err := e.walBytes(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "CPU of a hash: %.1f ms. CPU of a sign-in in Usher: %.2f of that, so %.0f sign-ins/s a core here.\n",
		hash.Seconds()/signIns*1000, all.Seconds()/hash.Seconds(), signIns/all.Seconds())
	if e.wal != "" {
		fmt.Fprintf(out, "Write-ahead log of a sign-in, sealed, each page for the first time since a checkpoint: %d bytes.\n", (after-before)/signIns)
		if _, err := e.db.ExecContext(ctx, `VACUUM activity`); err != nil {
			return err
		}
	}
	return measureSealing(ctx, out, e, f)
}

// walBytes returns how much write-ahead log there was so far, after a checkpoint.
func (e *engine) walBytes(ctx context.Context) (int64, error) {
	if e.wal == "" {
		return 0, nil
	}
	n, err := e.number(ctx, e.wal)
	if err != nil {
		return 0, err
	}
	_, err = e.db.ExecContext(ctx, `CHECKPOINT`)
	return n, err
}

// measureSealing writes the rows of sign-ins, each in a transaction of its own, and
// seals what they have left.
func measureSealing(ctx context.Context, out io.Writer, e *engine, f *filler) error {
	before, err := e.walBytes(ctx)
	if err != nil {
		return err
	}
	var written atomic.Int64
	var wg sync.WaitGroup
	failures := make([]error, writeUsers)
	begun := time.Now()
	for worker := range writeUsers {
		wg.Go(func() {
			for time.Since(begun) < writeTime && failures[worker] == nil {
				n := written.Add(1)
				failures[worker] = f.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
					return f.signIn(ctx, tx, 2+n%int64(f.users-2), sessionHash(-n), time.Now())
				})
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	writes := float64(written.Load()) / time.Since(begun).Seconds()
	begun = time.Now()
	if err := f.accounts.SealActivity(ctx); err != nil {
		return err
	}
	seals := float64(written.Load()) / time.Since(begun).Seconds()
	fmt.Fprintf(out, "Rows of sign-ins written, each durably, %d at once: %.0f/s. Sealed afterwards: %.0f/s, %.1f times as fast.\n",
		writeUsers, writes, seals, seals/writes)
	after, err := e.walBytes(ctx)
	if err == nil && e.wal != "" {
		fmt.Fprintf(out, "Write-ahead log of a session, its entry and its seal, many between checkpoints: %d bytes.\n", (after-before)/written.Load())
	}
	return err
}

// cpuOf is what this process takes of the CPU to run f; the database's process is not in it.
func cpuOf(f func() error) (time.Duration, error) {
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	return time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()), err
}
