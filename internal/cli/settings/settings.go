// Package settings has the commands of `usher settings`: the settings of the application and of the server, the lockout
// policy, LDAP and SAML.
package settings

import (
	"context"
	"errors"
	"slices"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli"
	"github.com/seed-3a99a2fe/usher/internal/cli/fields"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// Cmd is `usher settings`.
type Cmd struct {
	Show     showCmd     `cmd:"" help:"Show the settings as they are in effect."`
	Set      setCmd      `cmd:"" help:"Change settings."`
	TestMail testMailCmd `cmd:"" help:"Send a message to yourself, to see whether mail works."`
	Lockout  lockoutCmd  `cmd:"" help:"Show or change when failed sign-ins lock an account."`
	LDAP     ldapCmd     `cmd:"" help:"Show or change the configuration of a directory."`
	SAML     samlCmd     `cmd:"" help:"Show or change the configuration of an identity provider."`
}

type showCmd struct{}

// Help returns the text that --help shows below the usage line.
func (showCmd) Help() string {
	return `A setting that a flag of usher serve fixes is shown as the flag has it, and cannot be changed here.

Examples:
  usher settings show
  usher settings show --output json`
}

// Run shows the settings.
func (showCmd) Run(ctx context.Context, c *cli.CLI) error {
	get := func(api *client.Client) (allSettings, error) { return getSettings(ctx, api) }
	return cli.ShowResult(ctx, c, get, settingsTable)
}

// allSettings has the settings of the application and those of the server. The API has them at two URLs; the command
// shows them together.
type allSettings struct {
	client.ApplicationSettings
	client.ServerSettings
}

func getSettings(ctx context.Context, api *client.Client) (allSettings, error) {
	application, err := api.Settings.GetApplication(ctx)
	if err != nil {
		return allSettings{}, err
	}
	server, err := api.Settings.GetServer(ctx)
	return allSettings{ApplicationSettings: application, ServerSettings: server}, err
}

// settingsOrder is the order of the settings in tables and messages. All other settings follow.
var settingsOrder = []string{
	"publicUrl", "smtpServerAddress", "smtpServerPort", "smtpAccount", "smtpAccountPassword", "smtpUseStartTLS", "tls",
	"emailSender", "emailSenderName", "internalCertificate", "defaultRoleIds", "defaultProfileId", "sessionIdleMinutes",
	"sessionAbsoluteMinutes", "keepAuditLog", "logRetentionPeriod",
}

func settingsTable(s allSettings) command.Table {
	return fields.Table(s, settingsOrder, map[string][]string{
		"internalCertificate": {setOrDash(s.InternalCertificate)},
		"userRegistration":    nil, // not shown, because it is always false
	})
}

// setOrDash returns the table cell for an optional text that is too long for a table. The cell says only whether the
// text is set.
func setOrDash(text *string) string {
	if text == nil {
		return "-"
	}
	return "set"
}

type setCmd struct {
	Pairs            []string `arg:"" optional:"" name:"name=value" help:"Settings, by the names that usher settings show has. NAME= clears one that may be empty."`
	SMTPPassword     bool     `env:"-" xor:"smtp-password" help:"Set the password of the account at the mail server: USHER_SMTP_ACCOUNT_PASSWORD, or a prompt."`
	SMTPPasswordFile string   `env:"-" xor:"smtp-password" placeholder:"FILE" help:"The same, with the password in a file, - for standard input."`
}

// Help returns the text that --help shows below the usage line.
func (setCmd) Help() string {
	return `Settings that are not named stay as they are. A change takes effect at once, on all servers of the
installation. Only administrators may change the mail server and the public URL. Another mail server, port,
protection or account without a new password clears the stored one, so that a password is never sent to
another server.

Examples:
  usher settings set smtpServerAddress=mail.example.com smtpAccount=usher --smtp-password
  usher settings set tls=true smtpUseStartTLS=false smtpServerPort=465 --smtp-password-file secret.txt
  usher settings set smtpServerAddress=            (messages become files on the server)
  usher settings set internalCertificate=@ca.pem
  usher settings set publicUrl=https://accounts.example.com emailSenderName=Accounts
  usher settings set defaultRoleIds=2,5 logRetentionPeriod=90 sessionIdleMinutes=60`
}

// Validate refuses a command line that changes nothing.
func (cmd *setCmd) Validate() error {
	if len(cmd.Pairs) == 0 && !cmd.SMTPPassword && cmd.SMTPPasswordFile == "" {
		return errors.New("there is nothing to change")
	}
	return nil
}

// Run changes settings. It first sends those of the application, then those of the server.
func (cmd *setCmd) Run(ctx context.Context, c *cli.CLI) error {
	var application client.ApplicationSettingsUpdate
	var server client.ServerSettingsUpdate
	applicationFields := fields.Of(&application, settingsOrder,
		fields.Secret("smtpAccountPassword", "--smtp-password", &application.SMTPAccountPassword),
		fields.TextOrFile("internalCertificate", &application.InternalCertificate))
	serverFields := fields.Of(&server, settingsOrder)
	if err := fields.Assign(cmd.Pairs, slices.Concat(applicationFields, serverFields)...); err != nil {
		return err
	}
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	hasPassword := cmd.SMTPPassword || cmd.SMTPPasswordFile != ""
	if hasPassword {
		password, err := c.Secret(ctx, command.SecretSource{
			Name:     "password of the account at the mail server",
			Question: "Password at the mail server",
			Variable: "USHER_SMTP_ACCOUNT_PASSWORD",
			Flag:     "--smtp-password-file",
			File:     cmd.SMTPPasswordFile,
		})
		if err != nil {
			return err
		}
		application.SMTPAccountPassword = client.Set(password.Reveal())
	}
	if hasPassword || fields.Count(applicationFields, cmd.Pairs) > 0 {
		if _, err := api.Settings.UpdateApplication(ctx, application); err != nil {
			return err
		}
	}
	if fields.Count(serverFields, cmd.Pairs) > 0 {
		if _, err := api.Settings.UpdateServer(ctx, server); err != nil {
			return err
		}
	}
	settings, err := getSettings(ctx, api)
	if err != nil {
		return err
	}
	return c.Show(settings, settingsTable(settings))
}

type testMailCmd struct{}

// Help returns the text that --help shows below the usage line.
func (testMailCmd) Help() string {
	return `Sends a message to your own address, at once and by the current settings; at most five an hour. The command
fails if the message can't be delivered.

Examples:
  usher settings test-mail`
}

// Run makes the server send a test message.
func (testMailCmd) Run(ctx context.Context, c *cli.CLI) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	result, err := api.Settings.SendTestMessage(ctx)
	if err != nil {
		return err
	}
	if !result.Delivered {
		cause := errors.New("the message to " + result.Recipient + " did not leave: " + command.OrDash(result.Cause))
		return command.WithHint(cause, "`usher settings show` shows the settings of mail")
	}
	if c.JSON {
		return c.Show(result, command.Table{})
	}
	settings, err := api.Settings.GetApplication(ctx)
	if err == nil && command.OrDash(settings.SMTPServerAddress) == "-" {
		c.Say("The message to %s became a file in the directory mail of the server's data: there is no mail server. "+
			"Set one with `usher settings set smtpServerAddress=…`, or where the server is started with --smtp-host.",
			result.Recipient)
		return nil
	}
	c.Say("A message to %s has left.", result.Recipient)
	return nil
}
