package userimport_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// activityRecorder wraps a transactor and collects the new entries of the activity log.
type activityRecorder struct {
	account.Transactor
	events []string
}

func (r *activityRecorder) Write(ctx context.Context, f func(context.Context, *account.Tx) error) error {
	return r.Transactor.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		recorded := *tx
		recorded.ActivityWriter = recordingWriter{tx.ActivityWriter, r}
		return f(ctx, &recorded)
	})
}

type recordingWriter struct {
	account.ActivityWriter
	recorder *activityRecorder
}

func (w recordingWriter) InsertActivity(ctx context.Context, entries ...account.Activity) error {
	for _, a := range entries {
		event := fmt.Sprintf("%s %s %s %v", a.Actor.Name, a.Action, a.Target.Name, a.Changes)
		w.recorder.events = append(w.recorder.events, event)
	}
	return w.ActivityWriter.InsertActivity(ctx, entries...)
}

// Each change that an import makes to a user is in the activity log, without secrets.
func TestImportIsRecorded(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	log := &activityRecorder{Transactor: f.Store.Inner}
	store := *f.Store.Inner
	store.Transactor = log
	s := f.With(func(o *service.Options) { o.Store = &store })
	one := servicetest.Must(s.BeginImport(t.Context(), admin, false))
	two := servicetest.Must(s.BeginImport(t.Context(), admin, false))
	for n, id := range []int64{one.ID, two.ID} {
		email := fmt.Sprintf("user%d@example.net", n)
		users := []account.ImportUser{
			{Profile: account.Profile{Name: "N"}, Email: email, Active: true}, servicetest.ImportRow("hash" + email),
		}
		if _, _, err := s.AddImportRows(t.Context(), admin, id, 1, users); err != nil {
			t.Fatal(err)
		}
	}
	servicetest.Must(s.FinishImport(t.Context(), admin, one.ID))
	servicetest.Must(s.UndoImport(t.Context(), admin, two.ID))
	text := strings.Join(log.events, "\n")
	for _, want := range []string{
		"import.begin  [{dryRun <nil> false}]",
		"user.create user0@example.net " +
			"[{name <nil> N} {email <nil> user0@example.net} {active <nil> false} {roles <nil> [2]}]",
		"user.update user0@example.net [{active false true}]", "user.invite user0@example.net",
		"user.update hashuser0@example.net",
		"import.finish  [{rows <nil> 2} {faults <nil> 0} {dryRun <nil> false}]",
		"user.delete user1@example.net", "user.delete hashuser1@example.net", "import.undo  [{rows <nil> 2}",
	} {
		if !strings.Contains(text, servicetest.AdminEmail+" "+want) {
			t.Errorf("the log has no entry %q:\n%s", want, text)
		}
	}
	if len(log.events) != 2+4+4+3 || strings.Contains(text, servicetest.BcryptHash) {
		t.Errorf("the log has %d entries, want 13 without the hash:\n%s", len(log.events), text)
	}
}
