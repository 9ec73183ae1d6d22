package main

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

const (
	sizeConns = 4
	// logouts is how many sessions are ended in a sample at most.
	logouts = 2_000
	// usedToIt is how many requests a new server has before those that count.
	usedToIt = 100
)

// usedUp stands for how many requests a sample has at most of those after which a user
// cannot be asked about once more: half of the small database is for each. usedUpAlone is
// for most of a small database that is made for each sample: what other operations leave
// behind would be deleted with a user, and the few users have more of it than the many.
const (
	usedUp      = -1
	usedUpAlone = -2
)

func (s settings) usedUp() int64 { return (s.few - 2) / 2 / int64(s.rounds+1) }

// ownSession is the first of the sessions to change passwords by; those before are to be
// ended. In the small database their owners are the second half of the users.
func (s settings) ownSession() int64 {
	ended := int64(logouts * (s.rounds + 1))
	return ended + (s.few - 1) - ended%(s.few-1) + (s.few-1)/2
}

// sizedOperation is an operation whose cost must not grow with the number of users.
type sizedOperation struct {
	name string
	make func(s settings, credential string, users int64) work.Request
	most int // requests in a sample; 0: any number
}

// sized are the operations of the founding document but the list of all users, and some
// of what is asked for as often. What removes users or ends what others need comes last.
var sized = []sizedOperation{
	{"whoami", func(_ settings, c string, _ int64) work.Request { return work.Whoami(c) }, 0},
	// What is remembered of users is bounded: the first is of those that are remembered, the
	// second, in the large database, of those that are not.
	{"one user, of the same 900", func(_ settings, c string, users int64) work.Request { return work.UserOf(900, c, users) }, 0},
	{"one user, another each time", func(_ settings, c string, users int64) work.Request { return work.User(c, users) }, 0},
	{"page of users by name", func(_ settings, c string, _ int64) work.Request { return work.Get("/api/users?sort=name&limit=50", c) }, 0},
	{"roles", func(_ settings, c string, _ int64) work.Request { return work.Get("/api/roles", c) }, 0},
	{"activity", func(_ settings, c string, _ int64) work.Request { return work.Get("/api/activity-log?limit=50", c) }, 0},
	{"new API key", func(_ settings, c string, _ int64) work.Request { return work.Post("/api/api-key", c) }, 0},
	{"sign-in", func(_ settings, _ string, users int64) work.Request { return work.Login(users) }, 0},
	{"patch", func(_ settings, c string, users int64) work.Request { return work.Patch(c, users) }, 0},
	{"role change", func(_ settings, c string, users int64) work.Request { return work.SetRoles(c, users) }, 0},
	{"logout", func(settings, string, int64) work.Request { return work.Logout(0) }, logouts},
	{"forgotten password", func(_ settings, _ string, users int64) work.Request { return work.Forgotten(users) }, usedUp},
	{"create one user", func(_ settings, c string, _ int64) work.Request { return work.Create(c, 1) }, 0},
	{"password change", func(s settings, _ string, _ int64) work.Request { return work.ChangePassword(s.ownSession()) }, usedUp},
	{"password by mail", func(settings, string, int64) work.Request { return work.Retrieve() }, usedUp},
	{"delete", func(_ settings, c string, users int64) work.Request { return work.Delete(c, users) }, usedUpAlone},
}

// twoSizes are Usher on a large and on a small database, which the rows on size share:
// to fill the large one takes a while.
type twoSizes struct {
	large, small           *process
	largeAdmin, smallAdmin string
}

// measure measures the operation on the large database beside the small one.
func (o sizedOperation) measure(ctx context.Context, b *bench, _ row) (r result, err error) {
	two, err := b.twoSizes(ctx)
	if err != nil {
		return r, err
	}
	most := o.most
	switch most {
	case usedUp:
		most = int(b.settings.usedUp())
	case usedUpAlone:
		most = int(b.settings.few - 2 - usedToIt)
	}
	ask := func(p *process, credential string, users int64) *clients {
		return &clients{server: p, conns: sizeConns, request: o.make(b.settings, credential, users), most: most}
	}
	large := ask(two.large, two.largeAdmin, b.settings.many).closed
	small := ask(two.small, two.smallAdmin, b.settings.few).closed
	if o.most == usedUpAlone {
		small = func(ctx context.Context, length time.Duration) (s sample, err error) {
			return s, b.onFresh(ctx, b.settings.few, func(p *process, credential string) error {
				c := ask(p, credential, b.settings.few)
				c.most = usedToIt
				if _, err := c.closed(ctx, length); err != nil {
					return err
				}
				c.most = most
				s, err = c.closed(ctx, length)
				return err
			})
		}
	}
	r, err = b.rounds(ctx, large, small, longer)
	r.show = took
	return r, err
}

// twoSizes starts Usher on both databases, once.
func (b *bench) twoSizes(ctx context.Context) (*twoSizes, error) {
	if b.two != nil {
		return b.two, nil
	}
	two := &twoSizes{}
	var err error
	if two.large, two.largeAdmin, err = b.ofSize(ctx, b.settings.many); err == nil {
		two.small, two.smallAdmin, err = b.ofSize(ctx, b.settings.few)
	}
	b.two = two // what was started is stopped
	return two, err
}

// close stops what the rows on size share.
func (b *bench) close() {
	if b.two == nil {
		return
	}
	for _, p := range []*process{b.two.large, b.two.small} {
		if p != nil {
			p.stop()
		}
	}
}

// ofSize starts Usher on a database of so many users, with sessions and mailed tokens.
func (b *bench) ofSize(ctx context.Context, users int64) (*process, string, error) {
	d, err := createSeeded(ctx, b.engine, users)
	if err != nil {
		return nil, "", err
	}
	err = d.with(ctx, func(store *sqlstore.Store, _ *service.Service) error {
		tries := b.settings.usedUp() * int64(b.settings.rounds+1)
		_, err := seed.AddSessions(ctx, store, users, 0, b.settings.ownSession()+tries)
		return errors.Join(err, seed.AddRecoveries(ctx, store, users, 0, tries))
	})
	if err != nil {
		return nil, "", err
	}
	return b.admitted(ctx, d)
}

// onFresh calls f with Usher on a database of so many users that is made for it.
func (b *bench) onFresh(ctx context.Context, users int64, f func(p *process, credential string) error) (err error) {
	d, err := createSeeded(ctx, b.engine, users)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.engine.drop(context.Background(), d)) }()
	p, credential, err := b.admitted(ctx, d)
	if err != nil {
		return err
	}
	defer p.stop()
	return f(p, credential)
}

// admitted starts Usher on a database, with its administrator signed in.
func (b *bench) admitted(ctx context.Context, d *database) (*process, string, error) {
	p, err := startUsher(ctx, b.usher, d)
	if err != nil {
		return nil, "", err
	}
	credential, err := work.SignInAdmin(ctx, p.address)
	return p, credential, err
}
