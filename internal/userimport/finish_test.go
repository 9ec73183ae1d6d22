package userimport_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestUndoImport(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	i := f.StartImport(admin, false)
	f.AddRows(admin, i.ID, 1, servicetest.ImportRows(1, 6)...)
	if err := f.DeleteUser(t.Context(), admin, f.UserID("user1@example.net")); err != nil {
		t.Fatal(err)
	}
	if err := f.UpdateUserAsAdmin(f.UserID("user2@example.net"), account.UserUpdate{Active: new(true)}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second call has no effect
		i, err := f.UndoImport(t.Context(), admin, i.ID)
		if err != nil || i.State != account.ImportUndone {
			t.Fatalf("the import is %+v, %v", i, err)
		}
	}
	wantImported(f, "after the undo", 1, 1) // only the user that was activated remains
}

// Finishing or undoing an import survives a crash: another call continues where the first one
// stopped.
func TestImportContinuesAfterCrash(t *testing.T) {
	for _, test := range []struct {
		name        string
		end         func(*service.Service, context.Context, *account.Principal, int64) (account.Import, error)
		state       account.ImportState
		refused     func(*service.Service, context.Context, *account.Principal, int64) (account.Import, error)
		all, active int
	}{
		{
			name: "finish", end: (*service.Service).FinishImport, state: account.ImportFinished,
			refused: (*service.Service).UndoImport, all: 1300, active: 1300,
		},
		{
			name: "undo", end: (*service.Service).UndoImport, state: account.ImportUndone,
			refused: (*service.Service).FinishImport,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := servicetest.New(t)
			admin := f.Admin()
			i := f.StartImport(admin, false)
			f.AddRows(admin, i.ID, 1, servicetest.ImportRows(1, 1000)...)
			f.AddRows(admin, i.ID, 1001, servicetest.ImportRows(1001, 1300)...)
			writes := 0
			f.Store.OnCall(func(name string) {
				if name == "Write" {
					if writes++; writes == 3 {
						f.Store.Down.Store(true)
					}
				}
			})
			if _, err := test.end(f.Service, t.Context(), admin, i.ID); !errors.Is(err, servicetest.ErrDown) {
				t.Fatalf("the call returned %v, want ErrDown", err)
			}
			f.Store.OnCall(func(string) {})
			f.Store.Down.Store(false)
			if n := remainingRows(f, i.ID); n != 900 { // two transactions have processed 200 rows
				t.Fatalf("%d rows are left, want 900", n)
			}
			_, err := test.refused(f.Service, t.Context(), admin, i.ID)
			servicetest.WantCode(t, err, account.CodeImportState)
			for range 2 { // the second call has no effect
				if i, err = test.end(f.Service, t.Context(), admin, i.ID); err != nil || i.State != test.state {
					t.Fatalf("the import is %+v, %v", i, err)
				}
			}
			wantImported(f, "after the second call", test.all, test.active)
			_, err = test.refused(f.Service, t.Context(), admin, i.ID)
			servicetest.WantCode(t, err, account.CodeImportState)
		})
	}
}
