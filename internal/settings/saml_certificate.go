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

// Numbers of the certificate for which identity providers encrypt. Many of them
// take RSA alone.
const (
	samlKeyBits         = 2048
	samlCertificateLife = 3 * 365 * 24 * time.Hour
	clockSkew           = time.Hour // by which the clock of a provider may be behind
)

// RenewSAMLCertificate makes a new key and its self-signed certificate, which it
// returns in PEM. The old ones are gone: the identity provider has to be told the
// new one. It needs role 1. It fails as [Allow] says.
func (s *Settings) RenewSAMLCertificate(ctx context.Context, caller *account.Principal) (string, error) {
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.RequireConfigure(caller, access.EntitySAMLConfiguration)
	})
	if err != nil { // before the work of making a key
		return "", err
	}
	public, err := s.PublicURL(ctx)
	if err != nil {
		return "", err
	}
	certificate, key, err := s.makeCertificate(host.PublicName(public))
	if err != nil {
		return "", err
	}
	lock := func(ctx context.Context, tx account.Tx) error { return tx.LockSettings(ctx, account.SettingSAML) }
	err = s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
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
	})
	return certificate, err
}

// makeCertificate makes a key and a certificate for it that it has signed itself,
// both in PEM.
func (s *Settings) makeCertificate(name string) (certificate string, key secret.Text, err error) {
	private, err := rsa.GenerateKey(s.random, samlKeyBits)
	if err != nil {
		return "", key, fmt.Errorf("make a key: %w", err)
	}
	serial, err := rand.Int(s.random, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return "", key, fmt.Errorf("read random: %w", err)
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
		return "", key, fmt.Errorf("make a certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", key, fmt.Errorf("encode a key: %w", err)
	}
	encode := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return encode("CERTIFICATE", der), secret.New(encode("PRIVATE KEY", pkcs8)), nil
}

// fingerprint is the SHA-256 of a text, in hex. It names a certificate.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
