package outbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// deliver claims a due message from the outbox and finishes it: as failed if cause is not empty,
// otherwise as sent.
func deliver(s *consoletest.Site, cause string, permanent bool) {
	s.T.Helper()
	d := consoletest.Must(s.ClaimMail(s.T.Context()))
	if d == nil {
		s.T.Fatal("no message is due")
	}
	var err error
	if cause == "" {
		err = s.MailDelivered(s.T.Context(), d)
	} else {
		err = s.MailFailed(s.T.Context(), d, cause, permanent)
	}
	if err != nil {
		s.T.Fatal(err)
	}
}

func TestOutbox(t *testing.T) {
	s := consoletest.New(t)
	b, admin := s.SignedInAs(consoletest.AdminEmail), s.Principal(consoletest.AdminEmail)
	b.Get("/mail").Want(t, 200, "No message was sent yet.", "No mail server is set: messages are written as files")
	for i, email := range []string{"ada@example.org", "bob@example.org", "cid@example.org"} {
		u := s.AddUser(email)
		if err := s.InviteUser(t.Context(), admin, u.ID); err != nil {
			t.Fatal(err)
		}
		switch i {
		case 0:
			deliver(s, "", false)
		case 1:
			deliver(s, "recipient refused", true)
		case 2:
			deliver(s, "could not connect", false)
		}
	}
	rows := func(view consoletest.Answer) string {
		var found []string
		for _, who := range []string{"ada", "bob", "cid"} {
			if strings.Contains(view.Body, who+"@example.org") {
				found = append(found, who)
			}
		}
		return strings.Join(found, " ")
	}
	for query, want := range map[string]string{
		"": "ada bob cid", "?state=": "ada bob cid", "?state=delivered": "ada", "?state=failed": "bob",
		"?state=waiting": "cid", "?state=x": "ada bob cid",
	} {
		view := b.Get("/mail" + query)
		view.Want(t, 200, "Invitation")
		if got := rows(view); got != want {
			t.Errorf("/mail%s shows %q, want %q", query, got, want)
		}
	}
	b.Get("/mail").Want(t, 200, `<span class="badge done">Delivered</span>`,
		`<span class="badge fault">Not delivered</span>`,
		`<span class="badge warning">Waiting</span>`, "recipient refused", "2027-03-01 09:00")
	newest := consoletest.Must(s.ListMail(t.Context(), admin))[0]
	b.Get("/mail/3").Want(t, 200, "cid@example.org", "could not connect", "Next attempt",
		newest.NextAttempt.Format(time.DateTime), "Given up after")
	view := b.Get("/mail/1")
	view.Want(t, 200, "ada@example.org", "Finished", "it may hold a token")
	if strings.Contains(view.Body, "Next attempt") || strings.Contains(view.Body, "usr_") {
		t.Errorf("a delivered message:\n%s", view.Body)
	}
	for _, id := range []string{"99", "0", "x"} {
		b.Get("/mail/"+id).Want(t, 404)
	}
	s.SignedInAs("ada@example.org").Get("/mail").Want(t, 403)
	s.SignedInAs("ada@example.org").Get("/mail/1").Want(t, 403)
}

// TestOutboxWithMailServer checks that the page doesn't mention files if a mail server is
// configured.
func TestOutboxWithMailServer(t *testing.T) {
	s := consoletest.New(t, func(o *service.Options) {
		o.MailOverrides = settings.MailOverrides{Server: &account.MailServer{Host: "mail.example.org"}}
	})
	a := s.SignedInAs(consoletest.AdminEmail).Get("/mail?state=failed")
	a.Want(t, 200, "No message is in this state.")
	if strings.Contains(a.Body, "No mail server is set") {
		t.Error("the page says that messages become files")
	}
}
