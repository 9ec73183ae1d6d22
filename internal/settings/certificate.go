package settings

import (
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// maxCertificateLength limits texts with certificates in PEM, in characters, as in the contract.
const maxCertificateLength = 65536

// checkCertificates checks that text contains one or more X.509 certificates in PEM and nothing
// else. nil is valid.
func checkCertificates(c *account.Checker, path string, text *string) {
	if text == nil {
		return
	}
	c.Text(path, *text, maxCertificateLength)
	if !isCertificates(*text) {
		c.Fail(path, "must be certificates in PEM: -----BEGIN CERTIFICATE-----")
	}
}

func isCertificates(text string) bool {
	rest := []byte(strings.TrimSpace(text))
	if len(rest) == 0 {
		return false
	}
	for len(rest) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return false
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return false
		}
	}
	return true
}
