package service_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// On PostgreSQL a transaction times out after some seconds. In this test each statement takes two
// milliseconds or more. Even the largest changes either fit into one transaction, or run in
// several.
func TestDelayedPostgreSQL(t *testing.T) {
	cluster := servicetest.Must(pgtest.Shared())
	name := servicetest.Must(cluster.Create(t.Context()))
	t.Cleanup(func() {
		if err := cluster.Drop(context.Background(), name); err != nil {
			t.Error(err)
		}
	})
	address := servicetest.Must(url.Parse(cluster.URL(name)))
	port := servicetest.StartDelayProxy(t, address.Host, time.Millisecond)
	address.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	store, err := sqlstore.OpenPostgres(t.Context(), postgres.Config{URL: secret.New(address.String())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	f := servicetest.NewOver(t, store.Store, servicetest.NewRing())
	f.Options.Store = store.Store // without CountingStore, which runs each Write twice
	f.Options.Monotonic = time.Now
	f.Service = service.New(f.Options)
	servicetest.Must(f.SetUp(t.Context(), servicetest.FirstRun()))
	f.PasswordHash = servicetest.Must(store.Credential(t.Context(), 1)).PasswordHash
	admin := f.Admin()

	users := make([]account.NewUser, account.MaxNewUsers)
	ids := make([]int64, 5000)
	for i := range users {
		users[i] = servicetest.NewUser(fmt.Sprintf("user%d@example.org", i))
	}
	for i := range ids {
		ids[i] = int64(i + 2)
	}
	if _, err := f.CreateUsers(t.Context(), admin, users); err != nil {
		t.Errorf("create %d users: %v", len(users), err)
	}
	request := access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead, IDs: &ids}
	if _, err := f.SetRolePermissions(t.Context(), admin, f.AddRole(), []access.PermissionRequest{request}); err != nil {
		t.Errorf("permit to read %d users: %v", len(ids), err)
	}
	i := f.StartImport(admin, false)
	var invited []account.ImportUser
	for n := range 200 {
		invited = append(invited, account.ImportUser{
			Profile: account.Profile{Name: "I"}, Email: fmt.Sprintf("user%d@example.net", n), Active: true,
		})
	}
	f.AddRows(admin, i.ID, 1, invited...)
	i, err = f.FinishImport(t.Context(), admin, i.ID)
	if err != nil || i.State != account.ImportFinished {
		t.Errorf("finish an import of %d invited users: %+v, %v", len(invited), i, err)
	}
}
