package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
	"github.com/seed-3a99a2fe/usher/bench/internal/replay"
	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// sessions is the number of seeded sessions. The measurement of "logout" ends one session with each request.
const sessions = 240_000

// change is an API operation that changes the database in one durable transaction.
type change struct {
	name    string
	request func(credential string, users int64) requests.Request
	run     func(t traced, s *service.Service, admin *account.Principal, n, users int64) error // makes the n-th change
	subject func(n, users, sessionOffset int64) replay.Subject                                 // the n-th change's subject
}

// traced holds the two contexts that record the SQL statements of a change.
type traced struct {
	beforeTx context.Context // context of the reads before the transaction
	inTx     context.Context // context of the transaction
}

var changes = []change{
	{
		name:    "patch",
		request: requests.Patch,
		run: func(t traced, s *service.Service, admin *account.Principal, n, users int64) error {
			update := account.UserUpdate{ProfileUpdate: account.ProfileUpdate{Department: new(new(requests.Department(n)))}}
			_, err := s.UpdateUser(t.inTx, admin, requests.ChangedUser(n, users), update)
			return err
		},
		subject: changedUser,
	},
	{
		name:    "role change",
		request: requests.SetRoles,
		run: func(t traced, s *service.Service, admin *account.Principal, n, users int64) error {
			_, err := s.SetUserRoles(t.inTx, admin, requests.ChangedUser(n, users), requests.ChangedRoles(n, users))
			return err
		},
		subject: changedUser,
	},
	{
		name:    "logout",
		request: func(string, int64) requests.Request { return requests.SignOuts(0) },
		run: func(t traced, s *service.Service, _ *account.Principal, n, _ int64) error {
			credential, _ := seed.Session(n)
			origin := account.Origin{ClientNetwork: "127.0.0.1"}
			caller, err := s.Authenticate(t.beforeTx, secret.New(credential), origin)
			if err != nil {
				return err
			}
			return s.SignOut(t.inTx, caller)
		},
		subject: func(n, users, sessionOffset int64) replay.Subject {
			_, hash := seed.Session(n)
			return replay.Subject{UserID: seed.Owner(n, users), SessionID: n + sessionOffset, TokenHash: hash[:]}
		},
	},
}

func changedUser(n, users, _ int64) replay.Subject {
	return replay.Subject{UserID: requests.ChangedUser(n, users), Department: requests.Department(n)}
}

// measure compares the rate of the change through Usher with the rate of its SQL statements alone. Both have the
// given number of concurrent callers.
func (c change) measure(ctx context.Context, b *bench, callers int) (r result, err error) {
	d, err := b.copyBase(ctx)
	if err != nil {
		return r, err
	}
	defer b.drop(d)
	script, err := c.record(ctx, d)
	if err != nil {
		return r, fmt.Errorf("record the statements: %w", err)
	}
	replayed, err := d.Copy(ctx)
	if err != nil {
		return r, err
	}
	defer b.drop(replayed)
	player, err := replay.NewPlayer(ctx, script, replayed, callers)
	if err != nil {
		return r, err
	}
	defer player.Close()
	usher, err := startUsher(ctx, b.usher, d)
	if err != nil {
		return r, err
	}
	defer usher.stop()
	credential, err := requests.SignInAdmin(ctx, usher.address)
	if err != nil {
		return r, err
	}
	r, err = b.rounds(ctx,
		(&clients{server: usher, conns: callers, request: c.request(credential, d.Users)}).closedLoop,
		func(ctx context.Context, length time.Duration) (sample, error) {
			return sampleSelf(b.engine, func() (int, error) { return player.Play(ctx, length) })
		}, rateRatio)
	r.format = formatRate
	r.note = fmt.Sprintf("%d statements before the transaction and %d in it",
		len(script.Recordings[0].BeforeTx), len(script.Recordings[0].InTx))
	return r, err
}

// record seeds sessions, makes the change once for each recording of the script, and returns the script.
func (c change) record(ctx context.Context, d *database.Database) (script *replay.Script, err error) {
	err = d.With(ctx, func(store *sqlstore.Store, accounts *service.Service) error {
		offset, err := seed.AddSessions(ctx, store, d.Users, 0, sessions)
		if err != nil {
			return err
		}
		script = &replay.Script{Users: d.Users, Subject: func(n int64) replay.Subject {
			return c.subject(n, d.Users, offset)
		}}
		origin := account.Origin{ClientNetwork: "127.0.0.1"}
		signedIn, err := accounts.SignIn(ctx, seed.AdminEmail, secret.New(seed.Password), origin)
		if err != nil {
			return err
		}
		admin, err := accounts.Authenticate(ctx, signedIn.Token, origin)
		if err != nil {
			return err
		}
		for pass := range int64(2) { // the first pass adds a role, the second removes it
			n := script.UnmeasuredChange(pass, sessions)
			offset, err := seed.AddSessions(ctx, store, d.Users, n, n+1)
			if err != nil {
				return err
			}
			recording := replay.Recording{Subject: c.subject(n, d.Users, offset)}
			t := traced{
				beforeTx: sqldb.Trace(ctx, replay.Append(&recording.BeforeTx)),
				inTx:     sqldb.Trace(ctx, replay.Append(&recording.InTx)),
			}
			if err := c.run(t, accounts, admin, n, d.Users); err != nil {
				return err
			}
			script.Recordings = append(script.Recordings, recording)
		}
		return nil
	})
	return script, err
}
