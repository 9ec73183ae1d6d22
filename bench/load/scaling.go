package main

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

const (
	scalingConns = 4
	// maxSignOuts is the maximum number of sessions that one sample ends.
	maxSignOuts = 2_000
	// warmUpRequests is the number of requests to a freshly started server before the measured ones.
	warmUpRequests = 100
)

// Special values of scalingOperation.limit, for operations that succeed only once for each user.
const (
	// oncePerUser limits the requests in all samples together to half of the users in the small database.
	oncePerUser = -1
	// freshDatabase creates a new small database for each sample and uses most of its users. It is for deletions, which
	// also delete the user's sessions and other rows. In the shared small database, earlier operations have left more such
	// rows for each user than in the large one.
	freshDatabase = -2
)

// oncePerUserLimit returns the maximum number of requests in one sample of a oncePerUser operation. Each round, and the
// warm-up, uses different users.
func (s settings) oncePerUserLimit() int64 { return (s.smallUsers - 2) / 2 / int64(s.rounds+1) }

// passwordSession returns the number of the first session whose owner changes the password. The sessions with lower
// numbers are for "logout". In the small database, the owners are in the second half of the users.
func (s settings) passwordSession() int64 {
	ended := int64(maxSignOuts * (s.rounds + 1))
	return ended + (s.smallUsers - 1) - ended%(s.smallUsers-1) + (s.smallUsers-1)/2
}

// scalingOperation is an API operation whose cost must not grow with the number of users.
type scalingOperation struct {
	name    string
	request func(s settings, credential string, users int64) requests.Request
	limit   int // maximum number of requests in one sample; 0: no limit; or oncePerUser or freshDatabase
}

// scalingOperations are API operations of the seed, the server that Usher replaces, and other frequent operations. The
// list of all users is not among them. Operations that remove users, or data that other operations need, come last.
var scalingOperations = []scalingOperation{
	{name: "whoami", request: func(_ settings, credential string, _ int64) requests.Request {
		return requests.Whoami(credential)
	}},
	// The server's cache of users as JSON is bounded. Requests for the same 900 users hit the cache. In the large
	// database, requests for all users in turn miss it.
	{name: "one user, of the same 900", request: func(_ settings, credential string, users int64) requests.Request {
		return requests.UserAmong(900, credential, users)
	}},
	{name: "one user, another each time", request: func(_ settings, credential string, users int64) requests.Request {
		return requests.User(credential, users)
	}},
	{name: "page of users by name", request: func(_ settings, credential string, _ int64) requests.Request {
		return requests.Get("/api/users?sort=name&limit=50", credential)
	}},
	{name: "roles", request: func(_ settings, credential string, _ int64) requests.Request {
		return requests.Get("/api/roles", credential)
	}},
	{name: "activity", request: func(_ settings, credential string, _ int64) requests.Request {
		return requests.Get("/api/activity-log?limit=50", credential)
	}},
	{name: "new API key", request: func(_ settings, credential string, _ int64) requests.Request {
		return requests.Post("/api/api-key", credential)
	}},
	{name: "sign-in", request: func(_ settings, _ string, users int64) requests.Request {
		return requests.SignIns(users)
	}},
	{name: "patch", request: func(_ settings, credential string, users int64) requests.Request {
		return requests.Patch(credential, users)
	}},
	{name: "role change", request: func(_ settings, credential string, users int64) requests.Request {
		return requests.SetRoles(credential, users)
	}},
	{name: "logout", limit: maxSignOuts, request: func(settings, string, int64) requests.Request {
		return requests.SignOuts(0)
	}},
	{name: "forgotten password", limit: oncePerUser, request: func(_ settings, _ string, users int64) requests.Request {
		return requests.ForgottenPasswords(users)
	}},
	{name: "create one user", request: func(_ settings, credential string, _ int64) requests.Request {
		return requests.Create(credential, 1)
	}},
	{name: "password change", limit: oncePerUser, request: func(s settings, _ string, _ int64) requests.Request {
		return requests.ChangePassword(s.passwordSession())
	}},
	{name: "password by mail", limit: oncePerUser, request: func(settings, string, int64) requests.Request {
		return requests.RetrievePassword()
	}},
	{name: "delete", limit: freshDatabase, request: func(_ settings, credential string, users int64) requests.Request {
		return requests.Delete(credential, users)
	}},
}

// signedInServer is a running Usher server with a session of its administrator.
type signedInServer struct {
	*process
	credential string
}

// scalingServers are a server on a large database and one on a small database. All scaling operations share them,
// because filling the large database takes minutes.
type scalingServers struct {
	large, small *signedInServer // nil if the server did not start
	err          error           // error of the start
}

// measure compares the operation on the large database with the operation on the small one.
func (o scalingOperation) measure(ctx context.Context, b *bench) (r result, err error) {
	servers, err := b.scalingServers(ctx)
	if err != nil {
		return r, err
	}
	limit := o.limit
	switch limit {
	case oncePerUser:
		limit = int(b.settings.oncePerUserLimit())
	case freshDatabase:
		limit = int(b.smallUsers - 2 - warmUpRequests)
	}
	newClients := func(s *signedInServer, users int64, limit int) *clients {
		return &clients{
			server: s.process, conns: scalingConns, request: o.request(b.settings, s.credential, users), limit: limit,
		}
	}
	large := newClients(servers.large, b.largeUsers, limit).closedLoop
	small := newClients(servers.small, b.smallUsers, limit).closedLoop
	if o.limit == freshDatabase {
		small = func(ctx context.Context, length time.Duration) (s sample, err error) {
			return s, b.onFreshDatabase(ctx, b.smallUsers, func(server *signedInServer) error {
				c := newClients(server, b.smallUsers, warmUpRequests)
				if _, err := c.closedLoop(ctx, length); err != nil {
					return err
				}
				c.limit = limit
				s, err = c.closedLoop(ctx, length)
				return err
			})
		}
	}
	r, err = b.rounds(ctx, large, small, timeRatio)
	r.format = formatTime
	return r, err
}

// scalingServers returns the two servers. The first call starts them.
func (b *bench) scalingServers(ctx context.Context) (*scalingServers, error) {
	if b.scaling != nil {
		return b.scaling, b.scaling.err
	}
	servers := &scalingServers{}
	b.scaling = servers
	if servers.large, servers.err = b.startScaling(ctx, b.largeUsers); servers.err == nil {
		servers.small, servers.err = b.startScaling(ctx, b.smallUsers)
	}
	return servers, servers.err
}

// close stops the scaling servers.
func (b *bench) close() {
	if b.scaling == nil {
		return
	}
	for _, s := range []*signedInServer{b.scaling.large, b.scaling.small} {
		if s != nil {
			s.stop()
		}
	}
}

// startScaling starts Usher on a new database with the given number of users, and with sessions and recovery tokens.
func (b *bench) startScaling(ctx context.Context, users int64) (*signedInServer, error) {
	d, err := database.CreateSeeded(ctx, b.engine, users)
	if err != nil {
		return nil, err
	}
	err = d.With(ctx, func(store *sqlstore.Store, _ *service.Service) error {
		tries := b.oncePerUserLimit() * int64(b.settings.rounds+1)
		_, err := seed.AddSessions(ctx, store, users, 0, b.passwordSession()+tries)
		return errors.Join(err, seed.AddRecoveries(ctx, store, users, 0, tries))
	})
	if err != nil {
		return nil, err
	}
	return b.startSignedIn(ctx, d)
}

// onFreshDatabase calls f with a server on a new database with the given number of users, and then drops the database.
func (b *bench) onFreshDatabase(ctx context.Context, users int64, f func(*signedInServer) error) (err error) {
	d, err := database.CreateSeeded(ctx, b.engine, users)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.engine.Drop(context.Background(), d)) }()
	s, err := b.startSignedIn(ctx, d)
	if err != nil {
		return err
	}
	defer s.stop()
	return f(s)
}

// startSignedIn starts Usher on a database and signs its administrator in.
func (b *bench) startSignedIn(ctx context.Context, d *database.Database) (*signedInServer, error) {
	p, err := startUsher(ctx, b.usher, d)
	if err != nil {
		return nil, err
	}
	credential, err := requests.SignInAdmin(ctx, p.address)
	if err != nil {
		p.stop()
		return nil, err
	}
	return &signedInServer{process: p, credential: credential}, nil
}
