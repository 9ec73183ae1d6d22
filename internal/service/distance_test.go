package service_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// distance listens for connections to an address, and carries what is sent there
// or back so much later. It returns its port.
func distance(t *testing.T, to string, later time.Duration) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	t.Cleanup(func() { // the store, which was opened later, is closed by now
		listener.Close()
		work.Wait()
	})
	work.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			work.Go(func() { carryLate(near, far, later) })
			work.Go(func() { carryLate(far, near, later) })
		}
	})
	return listener.Addr().(*net.TCPAddr).Port
}

// carryLate ends both connections with the one that it reads.
func carryLate(from io.ReadCloser, to io.WriteCloser, later time.Duration) {
	type packet struct {
		due  time.Time
		data []byte
	}
	under := make(chan packet, 1024)
	go func() {
		defer close(under)
		for {
			data := make([]byte, 64<<10)
			n, err := from.Read(data)
			if err != nil {
				return
			}
			under <- packet{time.Now().Add(later), data[:n]}
		}
	}()
	for p := range under {
		time.Sleep(time.Until(p.due))
		_, _ = to.Write(p.data) // a failure shows at the other end
	}
	_ = errors.Join(to.Close(), from.Close())
}

// A transaction is cut after some seconds. The largest changes are made within
// that also where each statement takes two milliseconds and more, and those that
// are not go on step by step.
func TestFarFromPostgreSQL(t *testing.T) {
	cluster := must(pgtest.Shared())
	name := must(cluster.Create(t.Context()))
	t.Cleanup(func() {
		if err := cluster.Drop(context.Background(), name); err != nil {
			t.Error(err)
		}
	})
	address := must(url.Parse(cluster.URL(name)))
	port := distance(t, address.Host, time.Millisecond)
	address.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	store, err := sqlstore.OpenPostgres(t.Context(), postgres.Config{URL: secret.New(address.String())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	f := fixtureOf(t, store, newRing())
	f.options.Store = store // each change is made once
	f.options.Monotonic = time.Now
	f.Service = service.New(f.options)
	must(f.SetUp(t.Context(), firstRun))
	f.hash = must(store.Credential(t.Context(), 1)).PasswordHash
	admin := f.as(adminEmail)

	users := make([]account.NewUser, account.MaxNewUsers)
	ids := make([]int64, 5000)
	for i := range users {
		users[i] = newUser(fmt.Sprintf("user%d@example.org", i))
	}
	for i := range ids {
		ids[i] = int64(i + 2)
	}
	if _, err := f.CreateUsers(t.Context(), admin, users); err != nil {
		t.Errorf("create %d users: %v", len(users), err)
	}
	draft := access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead, IDs: &ids}
	if _, err := f.SetRolePermissions(t.Context(), admin, f.role(), []access.PermissionRequest{draft}); err != nil {
		t.Errorf("permit to read %d users: %v", len(ids), err)
	}
	i := f.begin(admin, false)
	var invited []account.ImportUser
	for n := range 200 {
		invited = append(invited, account.ImportUser{Name: "I", Email: fmt.Sprintf("user%d@example.net", n), Active: true})
	}
	f.add(admin, i.ID, 1, invited...)
	i, err = f.FinishImport(t.Context(), admin, i.ID)
	if err != nil || i.State != account.ImportFinished {
		t.Errorf("finish an import of %d invited users: %+v, %v", len(invited), i, err)
	}
}
