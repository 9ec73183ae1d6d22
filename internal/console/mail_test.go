package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// deliver takes the message that is due, and has it delivered or not.
func (s *site) deliver(cause string, permanent bool) {
	s.t.Helper()
	d := must(s.ClaimMail(s.t.Context()))
	if d == nil {
		s.t.Fatal("no message is due")
	}
	var err error
	if cause == "" {
		err = s.MailDelivered(s.t.Context(), d)
	} else {
		err = s.MailFailed(s.t.Context(), d, cause, permanent)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestOutbox(t *testing.T) {
	s := newSite(t)
	b, admin := s.as(adminEmail), s.principal(adminEmail)
	b.get("/mail").want(t, 200, "No message was sent yet.", "No mail server is set: messages are written as files")
	for i, email := range []string{"ada@example.org", "bob@example.org", "cid@example.org"} {
		u := s.user(email)
		if err := s.InviteUser(t.Context(), admin, u.ID); err != nil {
			t.Fatal(err)
		}
		switch i {
		case 0:
			s.deliver("", false)
		case 1:
			s.deliver("recipient refused", true)
		case 2:
			s.deliver("could not connect", false)
		}
	}
	rows := func(page answer) string {
		var found []string
		for _, who := range []string{"ada", "bob", "cid"} {
			if strings.Contains(page.body, who+"@example.org") {
				found = append(found, who)
			}
		}
		return strings.Join(found, " ")
	}
	for query, want := range map[string]string{
		"": "ada bob cid", "?state=": "ada bob cid", "?state=delivered": "ada", "?state=failed": "bob", "?state=waiting": "cid", "?state=x": "ada bob cid",
	} {
		page := b.get("/mail" + query)
		page.want(t, 200, "Invitation")
		if got := rows(page); got != want {
			t.Errorf("/mail%s shows %q, want %q", query, got, want)
		}
	}
	b.get("/mail").want(t, 200, `<span class="badge done">Delivered</span>`, `<span class="badge fault">Not delivered</span>`,
		`<span class="badge warning">Waiting</span>`, "recipient refused", "2027-03-01 09:00")
	newest := must(s.ListMail(t.Context(), admin))[0]
	b.get("/mail/3").want(t, 200, "cid@example.org", "could not connect", "Next attempt", newest.NextAttempt.Format(time.DateTime), "Given up after")
	page := b.get("/mail/1")
	page.want(t, 200, "ada@example.org", "Finished", "it may hold a token")
	if strings.Contains(page.body, "Next attempt") || strings.Contains(page.body, "usr_") {
		t.Errorf("a message that has left:\n%s", page.body)
	}
	for _, id := range []string{"99", "0", "x"} {
		b.get("/mail/"+id).want(t, 404)
	}
	s.as("ada@example.org").get("/mail").want(t, 403)
	s.as("ada@example.org").get("/mail/1").want(t, 403)
}

// Where there is a mail server, messages are not said to be files.
func TestOutboxWithMailServer(t *testing.T) {
	s := newSite(t, func(o *service.Options) {
		o.MailOverrides = settings.MailOverrides{Server: &account.MailServer{Host: "mail.example.org"}}
	})
	a := s.as(adminEmail).get("/mail?state=failed")
	a.want(t, 200, "No message is in this state.")
	if strings.Contains(a.body, "No mail server is set") {
		t.Error("messages are said to be files")
	}
}
