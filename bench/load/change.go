package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// sessions is how many there are to be ended.
const sessions = 240_000

// change is a kind of request that is one durable transaction.
type change struct {
	name    string
	request func(credential string, users int64) work.Request
	// run makes the n-th change by the rules. What it reads before its transaction is
	// asked for in outside.
	run func(outside, inside context.Context, s *service.Service, admin *account.Principal, n, users int64) error
	// subject is what the n-th change is about.
	subject func(s *script, n int64) subject
}

var changes = []change{
	{
		name:    "patch",
		request: work.Patch,
		run: func(_, inside context.Context, s *service.Service, admin *account.Principal, n, users int64) error {
			_, err := s.UpdateUser(inside, admin, work.Changed(n, users), account.UserUpdate{Department: new(new(work.Department(n)))})
			return err
		},
		subject: changedUser,
	},
	{
		name:    "role change",
		request: work.SetRoles,
		run: func(_, inside context.Context, s *service.Service, admin *account.Principal, n, users int64) error {
			_, err := s.SetUserRoles(inside, admin, work.Changed(n, users), work.RolesOf(n, users))
			return err
		},
		subject: changedUser,
	},
	{
		name:    "logout",
		request: func(string, int64) work.Request { return work.Logout(0) },
		run: func(outside, inside context.Context, s *service.Service, _ *account.Principal, n, _ int64) error {
			credential, _ := seed.Session(n)
			caller, err := s.Authenticate(outside, secret.New(credential), account.Origin{ClientNetwork: "127.0.0.1"})
			if err != nil {
				return err
			}
			return s.SignOut(inside, caller)
		},
		subject: func(s *script, n int64) subject {
			_, hash := seed.Session(n)
			return subject{user: seed.Owner(n, s.users), session: n + s.offset, hash: hash[:]}
		},
	},
}

func changedUser(s *script, n int64) subject {
	return subject{user: work.Changed(n, s.users), department: work.Department(n)}
}

// measure measures the change by so many callers at once beside its statements alone:
// one transaction after the other by one, in a group-commit loop by many.
func (c change) measure(callers int) func(context.Context, *bench, row) (result, error) {
	return func(ctx context.Context, b *bench, _ row) (r result, err error) {
		d, err := b.copy(ctx)
		if err != nil {
			return r, err
		}
		defer func() { _ = b.engine.drop(context.Background(), d) }()
		s, err := c.record(ctx, d)
		if err != nil {
			return r, fmt.Errorf("record the statements: %w", err)
		}
		other, err := d.copy(ctx)
		if err != nil {
			return r, err
		}
		defer func() { _ = b.engine.drop(context.Background(), other) }()
		p, err := newPlayer(ctx, s, other, callers)
		if err != nil {
			return r, err
		}
		defer p.close()
		usher, err := startUsher(ctx, b.settings.usher, d)
		if err != nil {
			return r, err
		}
		defer usher.stop()
		credential, err := work.SignInAdmin(ctx, usher.address)
		if err != nil {
			return r, err
		}
		r, err = b.rounds(ctx,
			(&clients{server: usher, conns: callers, request: c.request(credential, d.users)}).closed,
			func(ctx context.Context, length time.Duration) (sample, error) {
				return ofSelf(b.engine, func() (int, error) { return p.play(ctx, length) })
			}, faster)
		r.show = aSecond
		r.note = fmt.Sprintf("%d statements before the transaction and %d in it", len(s.forms[0].outside), len(s.forms[0].inside))
		return r, err
	}
}

// record makes the change once in each of its forms and keeps its statements. There are
// sessions to be ended afterwards.
func (c change) record(ctx context.Context, d *database) (*script, error) {
	s := &script{users: d.users, subject: c.subject}
	return s, d.with(ctx, func(store *sqlstore.Store, accounts *service.Service) (err error) {
		if s.offset, err = seed.AddSessions(ctx, store, d.users, 0, sessions); err != nil {
			return err
		}
		here := account.Origin{ClientNetwork: "127.0.0.1"}
		signedIn, err := accounts.SignIn(ctx, seed.AdminEmail, secret.New(seed.Password), here)
		if err != nil {
			return err
		}
		admin, err := accounts.Authenticate(ctx, signedIn.Token, here)
		if err != nil {
			return err
		}
		for pass := range int64(2) { // a user's roles change to and fro
			n := s.recorded(pass)
			offset, err := seed.AddSessions(ctx, store, d.users, n, n+1)
			if err != nil {
				return err
			}
			f := form{about: c.subject(&script{users: d.users, offset: offset}, n)}
			err = c.run(sqldb.Trace(ctx, keep(&f.outside)), sqldb.Trace(ctx, keep(&f.inside)), accounts, admin, n, d.users)
			if err != nil {
				return err
			}
			s.forms = append(s.forms, f)
		}
		return nil
	})
}
