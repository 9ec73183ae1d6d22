package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

func TestOpenRequiresEncryption(t *testing.T) {
	for url, plain := range map[string]bool{
		"postgres://u:hunter2@203.0.113.7/d":                              true, // libpq would fall back to plain text
		"postgres://u:hunter2@203.0.113.7/d?sslmode=disable":              true,
		"postgres://u:hunter2@203.0.113.7/d?sslmode=allow":                true,
		"postgres://u:hunter2@203.0.113.7/d?sslmode=prefer":               true,
		"postgres://u:hunter2@127.0.0.1,203.0.113.7/d?sslmode=disable":    true,
		"postgres://u:hunter2@127.0.0.1:1/d?sslmode=disable":              false,
		"postgres://u:hunter2@localhost:1/d":                              false,
		"postgres://u:hunter2@[::1]:1/d?sslmode=prefer":                   false,
		"postgres:///d?host=/nowhere&port=1&user=u&password=hunter2":      false,
		"postgres://u:hunter2@127.0.0.1:1/d?sslmode=require":              false,
		"postgres://u:hunter2@127.0.0.1:1,127.0.0.1:2/d?sslmode=disable":  false,
		"postgres://u:hunter2@127.0.0.1:1/d?sslmode=maybe":                false, // malformed
		"postgres://u:hunter2@127.0.0.1:port/d":                           false,
		"host=127.0.0.1 port=1 user=u password=hunter2 sslmode=something": false,
	} {
		db, err := Open(t.Context(), Config{URL: secret.New(url)})
		if err == nil {
			t.Errorf("%s was opened", url)
			_ = db.Close()
			continue
		}
		if errors.Is(err, ErrPlainConnection) != plain {
			t.Errorf("%s: %v", url, err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error contains the password: %v", err)
		}
	}
}
