package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/work"
	"github.com/seed-3a99a2fe/usher/internal/wire"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// manyConns keep a server busy.
const manyConns = 32

// requests measures requests of the administrator beside a bare server, which gives
// Usher's answer to the first where the pattern matches.
func requests(pattern string, make func(credential string, users int64) work.Request) func(context.Context, *bench, row) (result, error) {
	return func(ctx context.Context, b *bench, _ row) (r result, err error) {
		d, usher, err := b.serve(ctx)
		if err != nil {
			return r, err
		}
		defer b.away(d, usher)
		credential, err := work.SignInAdmin(ctx, usher.address)
		if err != nil {
			return r, err
		}
		request := make(credential, d.users)
		answer, err := record(ctx, usher, pattern, request.Bytes(0), request.Status)
		if err != nil {
			return r, err
		}
		other, err := startBare(ctx, answer)
		if err != nil {
			return r, err
		}
		defer other.stop()
		r, err = b.rounds(ctx,
			(&clients{server: usher, conns: manyConns, request: request}).closed,
			(&clients{server: other, conns: manyConns, request: request}).closed, faster)
		r.show = aSecond
		return r, err
	}
}

// list measures the list of all users beside the database's own scan of the same
// columns, in one statement, and the same encoding.
func list(ctx context.Context, b *bench, _ row) (r result, err error) {
	d, usher, err := b.serve(ctx)
	if err != nil {
		return r, err
	}
	defer b.away(d, usher)
	credential, err := work.SignInAdmin(ctx, usher.address)
	if err != nil {
		return r, err
	}
	statement, err := listStatement(ctx, d)
	if err != nil {
		return r, err
	}
	db, err := b.engine.connect(d, 1)
	if err != nil {
		return r, err
	}
	defer db.Close()
	scan := func() (int, error) {
		rows, err := db.QueryContext(ctx, statement, time.Now().UnixMicro(), 0, math.MaxInt64)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		encoder := json.NewEncoder(io.Discard)
		var n int64
		for ; rows.Next(); n++ {
			u, err := scanUser(rows)
			if err != nil {
				return 0, err
			}
			if err := encoder.Encode(u); err != nil {
				return 0, err
			}
		}
		if err := rows.Err(); err != nil || n != d.users {
			return 0, errors.Join(err, fmt.Errorf("%d of %d users", n, d.users))
		}
		return 1, nil
	}
	r, err = b.rounds(ctx, (&clients{server: usher, conns: 1, request: work.List(credential)}).closed,
		func(_ context.Context, length time.Duration) (sample, error) {
			return ofSelf(b.engine, func() (int, error) { return repeat(length, scan) })
		}, faster)
	r.show = took
	return r, err
}

// repeat does something again and again for so long, once at least, and returns how
// often.
func repeat(length time.Duration, f func() (int, error)) (done int, err error) {
	for begun := time.Now(); done == 0 || time.Since(begun) < length; {
		n, err := f()
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// listStatement is the statement by which Usher reads a page of users: the time, the id
// before the first, how many.
func listStatement(ctx context.Context, d *database) (statement string, err error) {
	ctx = sqldb.Trace(ctx, func(text string, _ []any) { statement = text })
	err = d.with(ctx, func(store *sqlstore.Store, _ *service.Service) error {
		_, err := store.UsersAfter(ctx, 0, 1, time.Now())
		return err
	})
	return statement, err
}

// scanUser reads a row of listStatement as the contract has it.
func scanUser(row interface{ Scan(...any) error }) (u wire.User, err error) {
	var picture []byte
	var needReset bool
	var roles string
	err = row.Scan(&u.ID, &u.Email, &u.Name, &u.Surname, &u.Department, &u.Biography, &picture, &u.Provider, &u.Identifier,
		&u.Active, &needReset, &u.EulaVersion, &u.LockedOut, &roles)
	for text := range strings.SplitSeq(roles, ",") {
		var id int64
		if _, err := fmt.Sscan(text, &id); err != nil {
			return u, err
		}
		u.Roles = append(u.Roles, id)
	}
	return u, err
}

// listMemory measures how much memory a list of all users takes.
func listMemory(ctx context.Context, b *bench, _ row) (r result, err error) {
	d, usher, err := b.serve(ctx)
	if err != nil {
		return r, err
	}
	defer b.away(d, usher)
	credential, err := work.SignInAdmin(ctx, usher.address)
	if err != nil {
		return r, err
	}
	for range b.settings.rounds {
		if err := settle(ctx); err != nil { // the hash of the sign-in goes back to the system
			return r, err
		}
		// A short list has the server hold what any list takes, pages of the program too.
		if err := askOnce(ctx, usher, work.Get("/api/users?limit=200", credential)); err != nil {
			return r, err
		}
		before := resident(usher.pid())
		if err := forgetPeak(usher.pid()); err != nil {
			return r, err
		}
		if err := askOnce(ctx, usher, work.List(credential)); err != nil {
			return r, err
		}
		r.values = append(r.values, (peak(usher.pid())-before)/mebi)
	}
	return r, nil
}

// askOnce asks for one thing.
func askOnce(ctx context.Context, p *process, request work.Request) error {
	c, err := work.Dial(ctx, p.address)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Ask(request, 0)
}

const mebi = 1 << 20

// settle waits until a server that nobody asks has given back what it no longer needs.
func settle(ctx context.Context) error { return wait(ctx, 4*time.Second) }

func wait(ctx context.Context, length time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(length):
		return nil
	}
}
