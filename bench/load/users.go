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

	"github.com/seed-3a99a2fe/usher/bench/internal/baseline"
	"github.com/seed-3a99a2fe/usher/bench/internal/database"
	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

const mebi = 1 << 20

// againstHandler compares requests of the administrator with a net/http handler. The handler answers every path that
// the pattern matches with Usher's response to the first request.
func (b *bench) againstHandler(
	ctx context.Context, pattern string, newRequest func(credential string, users int64) requests.Request,
) (r result, err error) {
	d, usher, credential, err := b.serveSignedIn(ctx)
	if err != nil {
		return r, err
	}
	defer b.shutDown(d, usher)
	request := newRequest(credential, d.Users)
	answer, err := recordAnswer(ctx, usher, pattern, request)
	if err != nil {
		return r, err
	}
	handler, err := startBaselineServer(ctx, answer)
	if err != nil {
		return r, err
	}
	defer handler.stop()
	r, err = b.rounds(ctx,
		(&clients{server: usher, conns: busyConns, request: request}).closedLoop,
		(&clients{server: handler, conns: busyConns, request: request}).closedLoop, rateRatio)
	r.format = formatRate
	return r, err
}

// recordAnswer sends a request once, and records the response for a path pattern of the baseline server.
func recordAnswer(ctx context.Context, p *process, pattern string, request requests.Request) (baseline.Answer, error) {
	c, err := requests.Dial(ctx, p.address)
	if err != nil {
		return baseline.Answer{}, err
	}
	defer c.Close()
	response, body, err := c.Answer(request.Bytes(0), request.Status)
	if err != nil {
		return baseline.Answer{}, err
	}
	return baseline.Record(pattern, response, body), nil
}

// listUsers measures the request for all users. The baseline reads the same columns with one SQL statement and encodes
// them in the same way.
func listUsers(ctx context.Context, b *bench) (r result, err error) {
	d, usher, credential, err := b.serveSignedIn(ctx)
	if err != nil {
		return r, err
	}
	defer b.shutDown(d, usher)
	statement, err := listStatement(ctx, d)
	if err != nil {
		return r, err
	}
	db, err := b.engine.Connect(d, 1)
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
		if err := rows.Err(); err != nil || n != d.Users {
			return 0, errors.Join(err, fmt.Errorf("the scan found %d of %d users", n, d.Users))
		}
		return 1, nil
	}
	r, err = b.rounds(ctx, (&clients{server: usher, conns: 1, request: requests.List(credential)}).closedLoop,
		func(_ context.Context, length time.Duration) (sample, error) {
			return sampleSelf(b.engine, func() (int, error) { return repeat(length, scan) })
		}, rateRatio)
	r.format = formatTime
	return r, err
}

// repeat calls f at least once, and again until the duration length has passed. It returns the sum of the results.
func repeat(length time.Duration, f func() (int, error)) (done int, err error) {
	for start := time.Now(); done == 0 || time.Since(start) < length; {
		n, err := f()
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// listStatement returns the SQL statement with which Usher reads a page of users. Its parameters are the current time,
// the id after which the page begins, and the maximum number of users.
func listStatement(ctx context.Context, d *database.Database) (statement string, err error) {
	ctx = sqldb.Trace(ctx, func(text string, _ []any) { statement = text })
	err = d.With(ctx, func(store *sqlstore.Store, _ *service.Service) error {
		_, err := store.UsersAfter(ctx, 0, 1, time.Now())
		return err
	})
	return statement, err
}

// scanUser reads a result row of listStatement into the user type of the API contract.
func scanUser(row interface{ Scan(...any) error }) (u wire.User, err error) {
	var picture []byte
	var needReset bool
	var roles string
	err = row.Scan(&u.ID, &u.Email, &u.Name, &u.Surname, &u.Department, &u.Biography, &picture, &u.Provider,
		&u.Identifier, &u.Active, &needReset, &u.EulaVersion, &u.LockedOut, &roles)
	for text := range strings.SplitSeq(roles, ",") {
		var id int64
		if _, err := fmt.Sscan(text, &id); err != nil {
			return u, err
		}
		u.Roles = append(u.Roles, id)
	}
	return u, err
}

// listMemory measures the peak growth of the server's memory while it lists all users.
func listMemory(ctx context.Context, b *bench) (r result, err error) {
	d, usher, credential, err := b.serveSignedIn(ctx)
	if err != nil {
		return r, err
	}
	defer b.shutDown(d, usher)
	for range b.settings.rounds {
		if err := awaitIdle(ctx); err != nil { // waits until the server has released the memory of the sign-in's hash
			return r, err
		}
		// A short list first allocates the memory that every list takes, such as loaded pages of the binary. What
		// remains is the memory that grows with the list.
		if err := askOnce(ctx, usher, requests.Get("/api/users?limit=200", credential)); err != nil {
			return r, err
		}
		before := procfs.ResidentBytes(usher.pid())
		if err := procfs.ResetPeak(usher.pid()); err != nil {
			return r, err
		}
		if err := askOnce(ctx, usher, requests.List(credential)); err != nil {
			return r, err
		}
		r.values = append(r.values, (procfs.PeakResidentBytes(usher.pid())-before)/mebi)
	}
	return r, nil
}

// askOnce sends one request on a new connection.
func askOnce(ctx context.Context, p *process, request requests.Request) error {
	c, err := requests.Dial(ctx, p.address)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Do(request, 0)
}
