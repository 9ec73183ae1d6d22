package settings

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Parameters of the certificate with which SAML identity providers encrypt for Usher. The key is
// an RSA key, because many providers support no other.
const (
	samlKeyBits         = 2048
	samlCertificateLife = 3 * 365 * 24 * time.Hour
	clockSkew           = time.Hour // the certificate is valid this long before now, for providers whose clock is slow
)

// RenewSAMLCertificate generates a new key and a self-signed certificate for it. It returns the
// certificate in PEM. It deletes the old key and certificate, so the administrator must give the
// new certificate to the identity provider. Only a caller with role 1 may do this. It fails as
// [account.Allow] does.
func (s *Settings) RenewSAMLCertificate(ctx context.Context, caller *account.Principal) (string, error) {
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.RequireConfigure(caller, access.EntitySAMLConfiguration)
	})
	if err != nil { // checked first, because generating a key is costly
		return "", err
	}
	public, err := s.PublicURL(ctx)
	if err != nil {
		return "", err
	}
	certificate, key, err := s.generateCertificate(host.PublicName(public))
	if err != nil {
		return "", err
	}
	lock := func(ctx context.Context, tx *account.Tx) error { return tx.LockSettings(ctx, account.SettingSAML) }
	renew := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		configuration, err := loadSAML(ctx, tx)
		if err != nil {
			return err
		}
		configuration.EncryptionCertificate = &certificate
		if err := account.SaveSettings(ctx, tx, account.SettingSAML, configuration); err != nil {
			return err
		}
		if err := s.saveSecret(ctx, tx, secretSAMLKey, destination{fingerprint(certificate)}, key); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{
			Action: account.ActionSettingsRenew, Target: account.Target{Kind: access.EntitySAMLConfiguration},
			Changes: []account.FieldChange{{Field: "encryptionCertificate", To: fingerprint(certificate)}},
		})
	}
	return certificate, s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, renew)
}

// generateCertificate generates a key and a self-signed certificate for name, both in PEM.
func (s *Settings) generateCertificate(name string) (certificate string, key secret.Text, err error) {
	private, err := rsa.GenerateKey(s.random, samlKeyBits)
	if err != nil {
		return "", key, fmt.Errorf("generate the SAML key: %w", err)
	}
	serial, err := rand.Int(s.random, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return "", key, fmt.Errorf("generate a serial number: %w", err)
	}
	now := s.now()
	template := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)), // positive (RFC 5280, 4.1.2.2)
		Subject:      pkix.Name{CommonName: name, Organization: []string{"Usher"}},
		NotBefore:    now.Add(-clockSkew), NotAfter: now.Add(samlCertificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(s.random, template, template, private.Public(), private)
	if err != nil {
		return "", key, fmt.Errorf("create the SAML certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", key, fmt.Errorf("encode the SAML key: %w", err)
	}
	encode := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return encode("CERTIFICATE", der), secret.New(encode("PRIVATE KEY", pkcs8)), nil
}

// fingerprint returns the SHA-256 hash, in hex, of a certificate's PEM text. It identifies the
// certificate in the activity log.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
