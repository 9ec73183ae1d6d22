package imports_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// endingImports wraps a reader of imports. After it has read an import, it calls the function in
// the context, if there is one. A test uses that function to end the import at this very moment.
type endingImports struct{ account.ImportReader }

type endsKey struct{}

// Import returns the import as it was before the function in ctx ended it.
func (o endingImports) Import(ctx context.Context, id int64) (account.Import, error) {
	i, err := o.ImportReader.Import(ctx, id)
	if ends, ok := ctx.Value(endsKey{}).(func()); ok {
		ends()
	}
	return i, err
}

// blockingRandom is a source of randomness that blocks while a test holds its lock. Hashing a
// password needs random bytes, so no password is hashed meanwhile.
type blockingRandom struct{ sync.Mutex }

func (g *blockingRandom) Read(p []byte) (int, error) {
	g.Lock()
	defer g.Unlock()
	return rand.Read(p)
}

// TestImportEndsDuringRequest ends an import while its progress page is rendered. The page must not
// show it as interrupted.
func TestImportEndsDuringRequest(t *testing.T) {
	hashing := &blockingRandom{}
	s := consoletest.New(t, func(o *service.Options) {
		store := *o.Store
		store.ImportReader = endingImports{store.ImportReader}
		o.Store = &store
		o.Passwords = consoletest.Must(passhash.New(passhash.Params{Memory: 64, Passes: 1, Threads: 1}, 8, hashing))
	})
	b, other := s.SignedInAs(consoletest.AdminEmail), s.SignedInAs(consoletest.AdminEmail)
	b.Upload("/users/import", "users.csv", consoletest.UsersFile, nil)
	hashing.Lock()
	path := begin(b).Header.Get("Location")
	b.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), endsKey{}, func() {
			hashing.Unlock()
			outcome(other, path)
		})))
	})
	if view := b.Get(path); strings.Contains(view.Body, "does not run the import") {
		t.Errorf("a complete import is shown as interrupted:\n%s", view.Body)
	}
	other.Get(path).Want(t, 200, "3 users were imported.")
}

// TestImportIsUndoneByFault creates a user with an address from the file after the check. The
// import must be undone, and the page must name the address.
func TestImportIsUndoneByFault(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Upload("/users/import", "users.csv", rowsOf(130), nil)
	s.AddUser("user120@example.net") // in the second batch, so the first batch of users is created before the fault
	path := begin(b).Header.Get("Location")
	outcome(b, path).Want(t, 200, "The import was undone.", "One fault came up since the file was checked.", "122",
		"Is the address of another user.")
	wantImported(s, "[user120@example.net] []")
}

// TestInterruptedImport checks that the user who began an interrupted import can undo it, and that
// no other user sees it.
func TestInterruptedImport(t *testing.T) {
	s := consoletest.New(t)
	admin := s.Principal(consoletest.AdminEmail)
	i := consoletest.Must(s.BeginImport(t.Context(), admin, false))
	if _, faults, err := s.AddImportRows(t.Context(), admin, i.ID, 1,
		[]account.ImportUser{
			{Profile: account.Profile{Name: "Ada"}, Email: "ada@example.net", Active: true},
		}); err != nil || faults != nil {
		t.Fatal(faults, err)
	}
	path := fmt.Sprintf("/users/import/progress?import=%d", i.ID)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get(path).Want(t, 200, "One user was created so far.", "This server does not run the import.", "Undo the import")
	number := func() url.Values { return url.Values{"import": {fmt.Sprint(i.ID)}} }
	b.Post("/users/import/finish", number()).Want(t, 303) // rows may be missing, so finishing has no effect
	wantImported(s, "[] [ada@example.net]")
	b.Follow("/users/import/undo", number()).Want(t, 200, "The import was undone.")
	wantImported(s, "[] []")
	b.Get("/users/import/progress?import=99").Want(t, 404)
	b.Get("/users/import/progress").Want(t, 404)
	b.Post("/users/import/undo", nil).Want(t, 404)

	maker := s.CreateRole("Maker", consoletest.MayCreateUsers)
	s.AddUser("maker@example.org", maker.ID)
	b = s.SignedInAs("maker@example.org")
	b.Get(path).Want(t, 404)
	b.Post("/users/import/undo", number()).Want(t, 404)
}

// beforeEmails wraps a reader of users. It calls do before each query for e-mail addresses that are
// already taken.
type beforeEmails struct {
	account.UserReader
	do func()
}

func (s beforeEmails) TakenEmails(ctx context.Context, keys []account.EmailKey) ([]account.EmailKey, error) {
	s.do()
	return s.UserReader.TakenEmails(ctx, keys)
}

// TestImportLosesPermission revokes the user's permission to create users while their import runs.
// The user can't undo the import any more. An administrator sees that it has stopped, and can undo
// it.
func TestImportLosesPermission(t *testing.T) {
	var s *consoletest.Site
	var revoke func()
	looks := 0
	s = consoletest.New(t, func(o *service.Options) {
		store := *o.Store
		store.UserReader = beforeEmails{store.UserReader, func() {
			if looks++; looks == 3 { // the searches before were for the check and for the first batch
				revoke()
			}
		}}
		o.Store = &store
	})
	admin := s.Principal(consoletest.AdminEmail)
	maker := s.AddUser("maker@example.org", s.CreateRole("Maker", consoletest.MayCreateUsers).ID)
	revoke = func() { consoletest.Must(s.SetUserRoles(t.Context(), admin, maker.ID, []int64{2})) }
	b := s.SignedInAs("maker@example.org")
	b.Upload("/users/import", "users.csv", rowsOf(130), nil)
	looks = 1
	path := begin(b).Header.Get("Location")
	view := s.SignedInAs(consoletest.AdminEmail)
	outcome(view, path).Want(t, 200, "100 users were created so far.", "The import has stopped", "Undo the import")
	b.Get(path).Want(t, 403)
	_, number, _ := strings.Cut(path, "=")
	view.Follow("/users/import/undo", url.Values{"import": {number}}).Want(t, 200, "The import was undone.")
	wantImported(s, "[] []")
}
