package main

import (
	"errors"
	"strconv"

	"github.com/seed-3a99a2fe/usher/client"
)

type settingsCmd struct {
	Show     settingsShowCmd     `cmd:"" help:"Show the settings as they are in effect."`
	Set      settingsSetCmd      `cmd:"" help:"Change settings."`
	TestMail settingsTestMailCmd `cmd:"" help:"Send a message to yourself, to see whether mail works."`
	Lockout  lockoutCmd          `cmd:"" help:"Show or change when failed sign-ins lock an account."`
	LDAP     ldapCmd             `cmd:"" help:"Show or change the configuration of a directory."`
	SAML     samlCmd             `cmd:"" help:"Show or change the configuration of an identity provider."`
}

type settingsShowCmd struct{}

// Help is the text below the usage line.
func (settingsShowCmd) Help() string {
	return `What was given by flags where the server was started is in its place, and cannot be changed here.

Examples:
  usher settings show
  usher settings show --output json`
}

// Run shows the settings.
func (settingsShowCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	return showSettings(a, c)
}

func showSettings(a *app, c *client.Client) error {
	application, err := c.ApplicationSettings(a.ctx)
	if err != nil {
		return err
	}
	server, err := c.ServerSettings(a.ctx)
	if err != nil {
		return err
	}
	port := "-"
	if application.SMTPServerPort != nil {
		port = strconv.Itoa(*application.SMTPServerPort)
	}
	return a.show(struct {
		client.ApplicationSettings
		client.ServerSettings
	}{application, server}, table{rows: [][]string{
		{"publicUrl", orDash(server.PublicURL)},
		{"smtpServerAddress", orDash(application.SMTPServerAddress)},
		{"smtpServerPort", port},
		{"smtpAccount", orDash(application.SMTPAccount)},
		{"smtpAccountPassword", orDash(application.SMTPAccountPassword)},
		{"smtpUseStartTLS", yesNo(application.SMTPUseStartTLS)},
		{"tls", yesNo(application.TLS)},
		{"emailSender", application.EmailSender},
		{"emailSenderName", server.EmailSenderName},
		{"internalCertificate", setOrDash(application.InternalCertificate)},
		{"defaultRoleIds", idList(application.DefaultRoleIDs)},
		{"defaultProfileId", strconv.Itoa(application.DefaultProfileID)},
		{"sessionIdleMinutes", strconv.Itoa(server.SessionIdleMinutes)},
		{"sessionAbsoluteMinutes", strconv.Itoa(server.SessionAbsoluteMinutes)},
		{"keepAuditLog", yesNo(application.KeepAuditLog)},
		{"logRetentionPeriod", strconv.Itoa(application.LogRetentionPeriod)},
	}})
}

// setOrDash is what a table shows of a text that is too long for it.
func setOrDash(text *string) string {
	if text == nil {
		return "-"
	}
	return "set"
}

type settingsSetCmd struct {
	Pairs            []string `arg:"" optional:"" name:"name=value" help:"Settings, by the names that usher settings show has. NAME= clears one that may be empty."`
	SMTPPassword     bool     `env:"-" xor:"smtp-password" help:"Set the password of the account at the mail server: USHER_SMTP_ACCOUNT_PASSWORD, or a prompt."`
	SMTPPasswordFile string   `env:"-" xor:"smtp-password" placeholder:"FILE" help:"The same, with the password in a file, - for standard input."`
}

// Help is the text below the usage line.
func (settingsSetCmd) Help() string {
	return `What is not named stays as it is. A change holds at once, on every server of the installation. Where messages go, and the
public URL, is for administrators. Another mail server, port, protection or account without a new password clears the
stored one: a password is never sent to where it was not meant for.

Examples:
  usher settings set smtpServerAddress=mail.example.com smtpAccount=usher --smtp-password
  usher settings set tls=true smtpUseStartTLS=false smtpServerPort=465 --smtp-password-file secret.txt
  usher settings set smtpServerAddress=            (messages become files on the server)
  usher settings set internalCertificate=@ca.pem
  usher settings set publicUrl=https://accounts.example.com emailSenderName=Accounts
  usher settings set defaultRoleIds=2,5 logRetentionPeriod=90 sessionIdleMinutes=60`
}

// Validate refuses a command line that changes nothing.
func (cmd *settingsSetCmd) Validate() error {
	if len(cmd.Pairs) == 0 && !cmd.SMTPPassword && cmd.SMTPPasswordFile == "" {
		return errors.New("there is nothing to change")
	}
	return nil
}

// Run changes settings: those of the application first, then those of the server.
func (cmd *settingsSetCmd) Run(a *app) error {
	var application client.ApplicationSettingsUpdate
	var server client.ServerSettingsUpdate
	ofServer := []settingField{
		clearableField("publicUrl", &server.PublicURL), textField("emailSenderName", &server.EmailSenderName),
		numberField("sessionIdleMinutes", &server.SessionIdleMinutes), numberField("sessionAbsoluteMinutes", &server.SessionAbsoluteMinutes),
	}
	ofApplication := []settingField{
		clearableField("smtpServerAddress", &application.SMTPServerAddress), clearableNumberField("smtpServerPort", &application.SMTPServerPort),
		clearableField("smtpAccount", &application.SMTPAccount), secretField("smtpAccountPassword", "--smtp-password", &application.SMTPAccountPassword),
		truthField("smtpUseStartTLS", &application.SMTPUseStartTLS), truthField("tls", &application.TLS), textField("emailSender", &application.EmailSender),
		fileField("internalCertificate", &application.InternalCertificate), idsField("defaultRoleIds", &application.DefaultRoleIDs),
		numberField("defaultProfileId", &application.DefaultProfileID), truthField("keepAuditLog", &application.KeepAuditLog),
		numberField("logRetentionPeriod", &application.LogRetentionPeriod), truthField("userRegistration", &application.UserRegistration),
	}
	if err := assign(cmd.Pairs, append(ofApplication, ofServer...)...); err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	changesSecret := cmd.SMTPPassword || cmd.SMTPPasswordFile != ""
	if changesSecret {
		password, err := a.secret(source{
			what: "password of the account at the mail server", question: "Password at the mail server",
			variable: "USHER_SMTP_ACCOUNT_PASSWORD", flag: "--smtp-password-file", file: cmd.SMTPPasswordFile,
		})
		if err != nil {
			return err
		}
		application.SMTPAccountPassword = client.Set(password.Reveal())
	}
	changesServer, changesApplication := named(cmd.Pairs, ofServer)
	if changesSecret || len(changesApplication) > 0 {
		if _, err := c.UpdateApplicationSettings(a.ctx, application); err != nil {
			return err
		}
	}
	if len(changesServer) > 0 {
		if _, err := c.UpdateServerSettings(a.ctx, server); err != nil {
			return err
		}
	}
	return showSettings(a, c)
}

type settingsTestMailCmd struct{}

// Help is the text below the usage line.
func (settingsTestMailCmd) Help() string {
	return `The message goes to your own address, at once and by the settings as they are; five an hour at most. The command fails
if the message does not leave.

Examples:
  usher settings test-mail`
}

// Run sends a test message.
func (settingsTestMailCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	result, err := c.SendTestMessage(a.ctx)
	if err != nil {
		return err
	}
	if !result.Delivered {
		return withHint(errors.New("the message to "+result.Recipient+" did not leave: "+orDash(result.Cause)), "`usher settings show` shows the settings of mail")
	}
	if a.flags.Output == "json" {
		return a.show(result, table{})
	}
	if settings, err := c.ApplicationSettings(a.ctx); err == nil && orDash(settings.SMTPServerAddress) == "-" {
		a.say("The message to %s became a file in the directory mail of the server's data: there is no mail server. Set one with `usher settings set smtpServerAddress=…`, or where the server is started with --smtp-host.", result.Recipient)
		return nil
	}
	a.say("A message to %s has left.", result.Recipient)
	return nil
}
