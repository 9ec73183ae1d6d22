package console

import (
	"io"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

const (
	samlCertificatePath = samlPath + "/certificate.pem"
	samlRenewPath       = samlPath + "/renew"
)

func (q *request) samlPanels() ([]panel, error) {
	s, err := q.accounts.SAMLConfiguration(q.Context(), q.caller)
	if err != nil {
		return nil, err
	}
	f := &form{Action: samlPath, Fields: []*field{
		{Name: "enabled", Label: "Users of the identity provider may sign in", Type: "checkbox", Checked: s.Enabled},
		{Name: "activateCreatedUsers", Label: "Users that are made at their first sign-in are active", Type: "checkbox", Checked: s.ActivateCreatedUsers},
		{Name: "providerLoginUrl", Label: "Where the identity provider signs in", Hint: "Such as https://provider.example.com/saml.", Value: of(s.ProviderLoginURL), Autocomplete: "off"},
		{Name: "signatureCertificate", Label: "Certificate that the identity provider signs with", Hint: "In PEM, as it gives it to you.", Type: "textarea", Value: of(s.SignatureCertificate)},
	}}
	if err := q.addGroups(f, access.EntitySAMLConfiguration, s.AllowedGroups); err != nil {
		return nil, err
	}
	provider := q.settingsPanel("Identity provider", access.EntitySAMLConfiguration, true, f)
	provider.Text = append(provider.Text, q.sayGroups(s.AllowedGroups)...)
	return []panel{provider, q.ownSAML(s)}, nil
}

// ownSAML is what the identity provider has to be told of this server.
func (q *request) ownSAML(s settings.SAMLConfiguration) panel {
	p := panel{Title: "What the identity provider asks for"}
	if s.ServiceProviderURL != nil {
		p.Facts = append(p.Facts, fact{q.say("Name of this server"), *s.ServiceProviderURL}, fact{q.say("Where answers go"), of(s.AssertEndpoint)})
	} else {
		p.Text = append(p.Text, q.say("Set the public address first: the names that the identity provider needs are made from it."))
	}
	if s.EncryptionCertificate != nil {
		p.PEM = *s.EncryptionCertificate
		p.Links = append(p.Links, link{samlCertificatePath, "Download the certificate"})
	} else {
		p.Text = append(p.Text, q.say("There is no certificate yet that answers are encrypted for."))
	}
	if q.may(access.ActionEdit, access.EntitySAMLConfiguration) && q.mustAdminister() == nil {
		p.Links = append(p.Links, link{samlRenewPath, "Make a new certificate"})
	}
	return p
}

func (q *request) changeSAML() error {
	return q.changeSettings(saml, func(f *form) (string, error) {
		was, err := q.accounts.SAMLConfiguration(q.Context(), q.caller)
		if err != nil {
			return "", err
		}
		_, err = q.accounts.UpdateSAMLConfiguration(q.Context(), q.caller, settings.SAMLUpdate{
			Enabled: q.yes(f, "enabled"), ActivateCreatedUsers: q.yes(f, "activateCreatedUsers"),
			ProviderLoginURL: q.clearable("providerLoginUrl"), SignatureCertificate: q.certificate("signatureCertificate", was.SignatureCertificate),
			AllowedGroups: q.sentGroups(f, was.AllowedGroups),
		})
		return q.say(saved), err
	})
}

// downloadCertificate answers the certificate of this server, which is no secret.
func (q *request) downloadCertificate() error {
	s, err := q.accounts.SAMLConfiguration(q.Context(), q.caller)
	if err != nil {
		return err
	}
	if s.EncryptionCertificate == nil {
		return account.NotFound()
	}
	q.w.Header().Set("Content-Type", "application/x-pem-file")
	q.w.Header().Set("Content-Disposition", `attachment; filename="usher-saml.pem"`)
	_, _ = io.WriteString(q.w, *s.EncryptionCertificate) // fails only when the reader has gone
	return nil
}

// askRenewal asks before the old certificate is gone.
func (q *request) askRenewal() error {
	return q.showRenewal(http.StatusOK, q.renewalForm())
}

func (q *request) renewalForm() *form {
	return q.form(&form{Action: samlRenewPath, Submit: "Make a new certificate", Cancel: samlPath, Danger: true})
}

func (q *request) showRenewal(status int, f *form) error {
	return q.showSettings(status, saml.navEntry, []panel{{
		Title: "Make a new certificate",
		Text:  []string{q.say("It replaces the one that there is now. The identity provider has to be told the new one; what it encrypts for the old one cannot be read any more.")},
		Form:  f,
	}})
}

func (q *request) renewCertificate() error {
	if _, err := q.accounts.RenewSAMLCertificate(q.Context(), q.caller); err != nil {
		f := q.renewalForm()
		if status := q.refuse(f, err); status != 0 {
			return q.showRenewal(status, f)
		}
		return err
	}
	return q.done(samlPath, "There is a new certificate. Download it and give it to the identity provider.")
}
