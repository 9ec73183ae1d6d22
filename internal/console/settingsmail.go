package console

import (
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

const testMailPath = mailPath + "/test"

const mailAsFiles locale.Phrase = "No mail server is set: messages are written as files into the folder mail in the data of the server, and reach nobody by themselves."

func (q *request) mailPanels() ([]panel, error) {
	settings, err := q.accounts.ApplicationSettings(q.Context(), q.caller)
	if err != nil {
		return nil, err
	}
	server := q.settingsPanel("Mail server", access.EntityApplicationSettings, true, q.mailForm(settings))
	if settings.Mail.Server == nil {
		server.Text = append(server.Text, q.say(mailAsFiles))
	}
	panels := []panel{server}
	if q.may(access.ActionEdit, access.EntityApplicationSettings) && q.mustAdminister() == nil {
		panels = append(panels, panel{
			Title: "Test message",
			Text:  []string{q.say("A message goes to your own address, %s, at once and by the settings that are saved.", q.caller.User.Email)},
			Form:  &form{Action: testMailPath, Submit: "Send a test message", Token: q.FormToken()},
		})
	}
	return panels, nil
}

// securities are the ways to secure the connection to a mail server.
var securities = []struct {
	of    account.MailSecurity
	label locale.Phrase
}{
	{account.MailStartTLS, "STARTTLS: begins in clear and is encrypted then"},
	{account.MailTLS, "TLS from the first byte on"},
	{account.MailUnencrypted, "None: others on the way can read the messages"},
}

func (q *request) mailForm(a account.ApplicationSettings) *form {
	m := a.Mail
	used := account.MailUnencrypted
	switch {
	case m.TLS:
		used = account.MailTLS
	case m.StartTLS:
		used = account.MailStartTLS
	}
	var options []option
	for _, s := range securities {
		options = append(options, option{Value: string(s.of), Text: q.say(s.label), Selected: s.of == used})
	}
	port := ""
	if m.Port != nil {
		port = strconv.Itoa(*m.Port)
	}
	password := &field{
		Name: "smtpAccountPassword", Label: "Password of the account", Type: "password", Autocomplete: "new-password",
		Hint: "There is none yet.",
	}
	f := &form{Action: mailPath, Fields: []*field{
		{Name: "smtpServerAddress", Label: "Server", Hint: "Its name or address, such as mail.example.com. Empty: messages become files.", Value: of(m.Server), Autocomplete: "off"},
		{Name: "smtpServerPort", Label: "Port", Hint: "Empty: the usual one of the security below.", Type: "number", Value: port},
		{Name: "security", Path: "/tls", Label: "Security", Type: "select", Options: options},
		{Name: "smtpAccount", Label: "Account", Hint: "Empty: the server asks for none.", Value: of(m.Account), Autocomplete: "off"},
		password,
	}}
	names := []string{"smtpServerAddress", "smtpServerPort", "security", "smtpAccount", "smtpAccountPassword"}
	if m.PasswordSet {
		password.Hint = "There is one. Leave this empty to keep it. It is forgotten when server, port, security or account change."
		f.Fields = append(f.Fields, &field{Name: "forgetPassword", Label: "Forget the password", Type: "checkbox"})
		names = append(names, "forgetPassword")
	}
	f.Fields = append(f.Fields,
		&field{Name: "emailSender", Label: "Address that messages come from", Hint: "Empty: usher@ and the host of the public address.", Type: "email", Value: m.Sender, Autocomplete: "off"},
		&field{Name: "internalCertificate", Label: "Certificates to trust besides the usual ones", Hint: "In PEM, for a mail server with a certificate of your own.", Type: "textarea", Value: of(a.InternalCertificate)},
	)
	fixed := q.accounts.SettingOverrides()
	if fixed.MailServer {
		f.disable(atStart, names...)
	}
	if fixed.Sender {
		f.disable(atStart, "emailSender")
	}
	if fixed.Certificate {
		f.disable(atStart, "internalCertificate")
	}
	return f
}

func (q *request) changeMail() error {
	return q.changeSettings(mail, func(f *form) (string, error) {
		current, err := q.accounts.ApplicationSettings(q.Context(), q.caller)
		if err != nil {
			return "", err
		}
		up := settings.MailUpdate{
			Server: q.clearable("smtpServerAddress"), Account: q.clearable("smtpAccount"), Sender: q.text("emailSender"),
			Password: q.newSecret("smtpAccountPassword"), InternalCertificate: q.certificate("internalCertificate", current.InternalCertificate),
		}
		switch {
		case q.value("smtpServerPort") != "":
			up.Port = new(q.whole(f, "smtpServerPort"))
		case q.PostForm.Has("smtpServerPort"):
			up.Port = new(*int)
		}
		if security := q.text("security"); security != nil {
			if !f.named("security").offers(*security) {
				q.markField(f, "security", notOffered)
			}
			up.TLS, up.StartTLS = new(*security == string(account.MailTLS)), new(*security == string(account.MailStartTLS))
		}
		if f.faulty() {
			return "", nil
		}
		return q.updateApplication(settings.ApplicationUpdate{MailUpdate: up})
	})
}

// newSecret is the change of a secret, which the page never shows: an empty field keeps
// it, and a checkbox forgets it.
func (q *request) newSecret(name string) **secret.Text {
	switch typed := q.PostForm.Get(name); {
	case typed != "":
		return new(new(secret.New(typed)))
	case q.PostForm.Has("forgetPassword"):
		return new(*secret.Text)
	}
	return nil
}

func (q *request) testMail() error {
	return q.changeSettings(mail, func(f *form) (string, error) {
		outcome, err := q.accounts.SendTestMessage(q.Context(), q.caller)
		if err != nil {
			return "", err
		}
		if outcome.Cause != "" {
			f.Alert = q.say("The message to %s was not delivered: %s.", outcome.Recipient, q.look.language.SayRule(outcome.Cause))
		}
		return q.say("The message to %s has left.", outcome.Recipient), nil
	})
}
