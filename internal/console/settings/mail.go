package settings

import (
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

const testMailPath = mailPath + "/test"

const mailAsFiles locale.Phrase = "No mail server is set: messages are written as files into the folder mail in " +
	"the data of the server, and reach nobody by themselves."

func (h *handler) mailPanels(q *page.Request) ([]panel, error) {
	stored, err := h.service.ApplicationSettings(q.Context(), q.Caller)
	if err != nil {
		return nil, err
	}
	server := newPanel(q, "Mail server", access.EntityApplicationSettings, true, h.mailForm(q, stored))
	if stored.Mail.Server == nil {
		server.Text = append(server.Text, q.Tr(mailAsFiles))
	}
	panels := []panel{server}
	if q.May(access.ActionEdit, access.EntityApplicationSettings) && q.RequireAdministrator() == nil {
		panels = append(panels, panel{
			Title: "Test message",
			Text: []string{q.Tr("A message goes to your own address, %s, at once and by the settings that are saved.",
				q.Caller.User.Email)},
			Form: &page.Form{Action: testMailPath, Submit: "Send a test message", Token: q.FormToken()},
		})
	}
	return panels, nil
}

// securities lists the ways to secure the connection to a mail server, each with its label.
var securities = []struct {
	of    account.MailSecurity
	label locale.Phrase
}{
	{account.MailStartTLS, "STARTTLS: begins in clear and is encrypted then"},
	{account.MailTLS, "TLS from the first byte on"},
	{account.MailUnencrypted, "None: others on the way can read the messages"},
}

func (h *handler) mailForm(q *page.Request, a account.ApplicationSettings) *page.Form {
	m := a.Mail
	used := account.MailUnencrypted
	switch {
	case m.TLS:
		used = account.MailTLS
	case m.StartTLS:
		used = account.MailStartTLS
	}
	var options []page.Option
	for _, s := range securities {
		options = append(options, page.Option{Value: string(s.of), Text: q.Tr(s.label), Selected: s.of == used})
	}
	port := ""
	if m.Port != nil {
		port = strconv.Itoa(*m.Port)
	}
	password := &page.Field{
		Name: "smtpAccountPassword", Label: "Password of the account", Type: "password", Autocomplete: "new-password",
		Hint: "There is none yet.",
	}
	f := &page.Form{Action: mailPath, Fields: []*page.Field{
		{
			Name: "smtpServerAddress", Label: "Server",
			Hint:  "Its name or address, such as mail.example.com. Empty: messages become files.",
			Value: page.OrEmpty(m.Server), Autocomplete: "off",
		},
		{
			Name: "smtpServerPort", Label: "Port", Hint: "Empty: the usual one of the security below.", Type: "number",
			Value: port,
		},
		{Name: "security", Path: "/tls", Label: "Security", Type: "select", Options: options},
		{
			Name: "smtpAccount", Label: "Account", Hint: "Empty: the server asks for none.",
			Value: page.OrEmpty(m.Account), Autocomplete: "off",
		},
		password,
	}}
	names := []string{"smtpServerAddress", "smtpServerPort", "security", "smtpAccount", "smtpAccountPassword"}
	if m.PasswordSet {
		password.Hint = "There is one. Leave this empty to keep it. It is forgotten when server, port, security or " +
			"account change."
		f.Fields = append(f.Fields, &page.Field{Name: "forgetPassword", Label: "Forget the password", Type: "checkbox"})
		names = append(names, "forgetPassword")
	}
	f.Fields = append(f.Fields,
		&page.Field{
			Name: "emailSender", Label: "Address that messages come from",
			Hint: "Empty: usher@ and the host of the public address.", Type: "email", Value: m.Sender,
			Autocomplete: "off",
		},
		&page.Field{
			Name: "internalCertificate", Label: "Certificates to trust besides the usual ones",
			Hint: "In PEM, for a mail server with a certificate of your own.", Type: "textarea",
			Value: page.OrEmpty(a.InternalCertificate),
		},
	)
	overrides := h.service.SettingOverrides()
	if overrides.MailServer {
		f.Disable(atStart, names...)
	}
	if overrides.Sender {
		f.Disable(atStart, "emailSender")
	}
	if overrides.Certificate {
		f.Disable(atStart, "internalCertificate")
	}
	return f
}

func (h *handler) changeMail(q *page.Request) error {
	return h.changeSettings(q, mailSection, func(f *page.Form) (string, error) {
		stored, err := h.service.ApplicationSettings(q.Context(), q.Caller)
		if err != nil {
			return "", err
		}
		up := settings.MailUpdate{
			Server: clearableText(q, "smtpServerAddress"), Account: clearableText(q, "smtpAccount"),
			Sender:   textValue(q, "emailSender"),
			Password: newSecret(q, "smtpAccountPassword"), InternalCertificate: certificate(q, "internalCertificate",
				stored.InternalCertificate),
		}
		switch {
		case q.Value("smtpServerPort") != "":
			up.Port = new(number(q, f, "smtpServerPort"))
		case q.PostForm.Has("smtpServerPort"):
			up.Port = new(*int)
		}
		if security := textValue(q, "security"); security != nil {
			if !f.Field("security").Offers(*security) {
				q.MarkField(f, "security", mustBeOffered)
			}
			up.TLS = new(*security == string(account.MailTLS))
			up.StartTLS = new(*security == string(account.MailStartTLS))
		}
		if f.Faulty() {
			return "", nil
		}
		return h.updateApplication(q, settings.ApplicationUpdate{MailUpdate: up})
	})
}

// newSecret returns the change to a stored secret, such as the SMTP password. The page never shows
// the secret. A typed text replaces the secret, and a checkbox removes it. For an empty field
// newSecret returns nil: no change.
func newSecret(q *page.Request, name string) **secret.Text {
	switch typed := q.PostForm.Get(name); {
	case typed != "":
		return new(new(secret.New(typed)))
	case q.PostForm.Has("forgetPassword"):
		return new(*secret.Text)
	}
	return nil
}

func (h *handler) testMail(q *page.Request) error {
	return h.changeSettings(q, mailSection, func(f *page.Form) (string, error) {
		outcome, err := h.service.SendTestMessage(q.Context(), q.Caller)
		if err != nil {
			return "", err
		}
		if outcome.Cause != "" {
			f.Alert = q.Tr("The message to %s was not delivered: %s.", outcome.Recipient, q.TrRule(outcome.Cause))
		}
		return q.Tr("The message to %s has left.", outcome.Recipient), nil
	})
}
