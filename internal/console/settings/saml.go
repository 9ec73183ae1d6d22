package settings

import (
	"io"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

const (
	samlCertificatePath = samlPath + "/certificate.pem"
	samlRenewPath       = samlPath + "/renew"
)

func (h *handler) samlPanels(q *page.Request) ([]panel, error) {
	s, err := h.service.SAMLConfiguration(q.Context(), q.Caller)
	if err != nil {
		return nil, err
	}
	f := &page.Form{Action: samlPath, Fields: []*page.Field{
		{Name: "enabled", Label: "Users of the identity provider may sign in", Type: "checkbox", Checked: s.Enabled},
		{
			Name: "activateCreatedUsers", Label: "Users that are made at their first sign-in are active",
			Type: "checkbox", Checked: s.ActivateCreatedUsers,
		},
		{
			Name: "providerLoginUrl", Label: "Where the identity provider signs in",
			Hint: "Such as https://provider.example.com/saml.", Value: page.OrEmpty(s.ProviderLoginURL),
			Autocomplete: "off",
		},
		{
			Name: "signatureCertificate", Label: "Certificate that the identity provider signs with",
			Hint: "In PEM, as it gives it to you.", Type: "textarea", Value: page.OrEmpty(s.SignatureCertificate),
		},
	}}
	if err := h.addGroups(q, f, access.EntitySAMLConfiguration, s.AllowedGroups); err != nil {
		return nil, err
	}
	provider := newPanel(q, "Identity provider", access.EntitySAMLConfiguration, true, f)
	provider.Text = append(provider.Text, groupsText(q, s.AllowedGroups)...)
	return []panel{provider, ownSAML(q, s)}, nil
}

// ownSAML returns a panel with the data of this server that must be entered at the identity
// provider.
func ownSAML(q *page.Request, s settings.SAMLConfiguration) panel {
	p := panel{Title: "What the identity provider asks for"}
	if s.ServiceProviderURL != nil {
		p.Facts = append(p.Facts, fact{q.Tr("Name of this server"), *s.ServiceProviderURL},
			fact{q.Tr("Where answers go"), page.OrEmpty(s.AssertEndpoint)})
	} else {
		p.Text = append(p.Text, q.Tr("Set the public address first: the names that the identity provider needs are "+
			"made from it."))
	}
	if s.EncryptionCertificate != nil {
		p.PEM = *s.EncryptionCertificate
		p.Links = append(p.Links, page.Link{Path: samlCertificatePath, Text: "Download the certificate"})
	} else {
		p.Text = append(p.Text, q.Tr("There is no certificate yet that answers are encrypted for."))
	}
	if q.May(access.ActionEdit, access.EntitySAMLConfiguration) && q.RequireAdministrator() == nil {
		p.Links = append(p.Links, page.Link{Path: samlRenewPath, Text: "Make a new certificate"})
	}
	return p
}

func (h *handler) changeSAML(q *page.Request) error {
	return h.changeSettings(q, samlSection, func(f *page.Form) (string, error) {
		stored, err := h.service.SAMLConfiguration(q.Context(), q.Caller)
		if err != nil {
			return "", err
		}
		_, err = h.service.UpdateSAMLConfiguration(q.Context(), q.Caller, settings.SAMLUpdate{
			Enabled: checkbox(q, f, "enabled"), ActivateCreatedUsers: checkbox(q, f, "activateCreatedUsers"),
			ProviderLoginURL:     clearableText(q, "providerLoginUrl"),
			SignatureCertificate: certificate(q, "signatureCertificate", stored.SignatureCertificate),
			AllowedGroups:        sentGroups(q, f, stored.AllowedGroups),
		})
		return q.Tr(saved), err
	})
}

// downloadCertificate sends this server's certificate, which is public.
func (h *handler) downloadCertificate(q *page.Request) error {
	s, err := h.service.SAMLConfiguration(q.Context(), q.Caller)
	if err != nil {
		return err
	}
	if s.EncryptionCertificate == nil {
		return account.NotFound()
	}
	q.Writer.Header().Set("Content-Type", "application/x-pem-file")
	q.Writer.Header().Set("Content-Disposition", `attachment; filename="usher-saml.pem"`)
	_, _ = io.WriteString(q.Writer, *s.EncryptionCertificate) // fails only if the client has disconnected
	return nil
}

// confirmRenewal asks for confirmation, because a new certificate replaces the old one.
func confirmRenewal(q *page.Request) error {
	return showRenewal(q, http.StatusOK, renewalForm(q))
}

func renewalForm(q *page.Request) *page.Form {
	return q.PrepareForm(&page.Form{
		Action: samlRenewPath, Submit: "Make a new certificate", Cancel: samlPath, Danger: true,
	})
}

func showRenewal(q *page.Request, status int, f *page.Form) error {
	return showSection(q, status, samlSection, []panel{{
		Title: "Make a new certificate",
		Text: []string{q.Tr("It replaces the one that there is now. The identity provider has to be told the new " +
			"one; what it encrypts for the old one cannot be read any more.")},
		Form: f,
	}})
}

func (h *handler) renewCertificate(q *page.Request) error {
	if _, err := h.service.RenewSAMLCertificate(q.Context(), q.Caller); err != nil {
		f := renewalForm(q)
		if status := q.RefuseForm(f, err); status != 0 {
			return showRenewal(q, status, f)
		}
		return err
	}
	return q.RedirectWithFlash(samlPath,
		"There is a new certificate. Download it and give it to the identity provider.")
}
