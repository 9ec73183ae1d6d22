package settings

import (
	"context"
	"fmt"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli"
	"github.com/seed-3a99a2fe/usher/internal/cli/fields"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

type samlCmd struct {
	Show             samlShowCmd  `cmd:"" help:"Show the configuration."`
	Set              samlSetCmd   `cmd:"" help:"Change the configuration."`
	RenewCertificate samlRenewCmd `cmd:"" help:"Create a new certificate, and show it."`
}

type samlShowCmd struct{}

// Help returns the text that --help shows below the usage line.
func (samlShowCmd) Help() string {
	return `Examples:
  usher settings saml show`
}

// Run shows the SAML configuration.
func (samlShowCmd) Run(ctx context.Context, c *cli.CLI) error {
	get := func(api *client.Client) (client.SAMLConfiguration, error) { return api.Settings.GetSAML(ctx) }
	return cli.ShowResult(ctx, c, get, samlTable)
}

func samlTable(s client.SAMLConfiguration) command.Table {
	return fields.Table(s, nil, map[string][]string{
		"signatureCertificate":  {setOrDash(s.SignatureCertificate)},
		"encryptionCertificate": {setOrDash(s.EncryptionCertificate)},
		"allowedGroups":         groupTexts(s.AllowedGroups),
	})
}

type samlSetCmd struct {
	Pairs []string `arg:"" name:"name=value" help:"What to change, by the names that usher settings saml show has. NAME= clears."`
}

// Help returns the text that --help shows below the usage line.
func (samlSetCmd) Help() string {
	return `The configuration is stored only; sign-in by an identity provider is not available yet.

Examples:
  usher settings saml set providerLoginUrl=https://provider.example.com/saml signatureCertificate=@provider.pem
  usher settings saml set enabled=true activateCreatedUsers=true`
}

// Run changes the SAML configuration.
func (cmd *samlSetCmd) Run(ctx context.Context, c *cli.CLI) error {
	var update client.SAMLConfigurationUpdate
	list := fields.Of(&update, fields.Names(client.SAMLConfiguration{}),
		fields.TextOrFile("signatureCertificate", &update.SignatureCertificate))
	if err := fields.Assign(cmd.Pairs, list...); err != nil {
		return err
	}
	set := func(api *client.Client) (client.SAMLConfiguration, error) {
		return api.Settings.UpdateSAML(ctx, update)
	}
	return cli.ShowResult(ctx, c, set, samlTable)
}

type samlRenewCmd struct{}

// Help returns the text that --help shows below the usage line.
func (samlRenewCmd) Help() string {
	return `Makes a new key and a certificate, which the identity provider encrypts its answers with. The old ones are
removed: give the new certificate to the provider.

Examples:
  usher settings saml renew-certificate > usher.pem`
}

// Run creates a new certificate and shows it.
func (samlRenewCmd) Run(ctx context.Context, c *cli.CLI) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	certificate, err := api.Settings.RenewSAMLCertificate(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return c.Show(map[string]string{"encryptionCertificate": certificate}, command.Table{})
	}
	_, err = fmt.Fprint(c.Stdout, command.PrintableLines(certificate))
	return err
}
