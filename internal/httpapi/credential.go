package httpapi

import (
	"net/http"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const bearer = "Bearer "

// credential returns the token of a request: from x-api-key, where it may have
// the prefix "Bearer ", or from Authorization. Two that differ are refused rather
// than guessed between. Cookies are never looked at.
func credential(r *http.Request) (secret.Text, error) {
	var found []string
	for _, value := range r.Header.Values("X-Api-Key") {
		found = append(found, strings.TrimPrefix(value, bearer))
	}
	for _, value := range r.Header.Values("Authorization") {
		if len(value) < len(bearer) || !strings.EqualFold(value[:len(bearer)], bearer) {
			return secret.Text{}, noCredential() // another scheme
		}
		found = append(found, value[len(bearer):])
	}
	if len(found) == 0 {
		return secret.Text{}, noCredential()
	}
	for _, other := range found[1:] {
		if other != found[0] {
			return secret.Text{}, noCredential()
		}
	}
	return secret.New(found[0]), nil
}

func noCredential() error {
	return &account.Error{
		Code:    account.CodeUnauthorized,
		Message: "A credential is required: one token, in the header x-api-key or Authorization: Bearer.",
	}
}
