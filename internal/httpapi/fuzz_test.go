package httpapi

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzCredential checks that credential returns the token in the headers of a request, or an error that is always the
// same.
func FuzzCredential(f *testing.F) {
	f.Add("uss_a", "", "")
	f.Add("Bearer uss_a", "", "bearer uss_a")
	f.Add("uss_a", "uss_b", "Basic x")
	f.Add("", "", "Bearer")
	f.Fuzz(func(t *testing.T, key, secondKey, authorization string) {
		r := &http.Request{Header: http.Header{"Cookie": {"x-api-key=uss_cookie"}}}
		for name, value := range map[string]string{"X-Api-Key": key, "Authorization": authorization} {
			if value != "" {
				r.Header.Add(name, value)
			}
		}
		if secondKey != "" {
			r.Header.Add("X-Api-Key", secondKey)
		}
		token, err := credential(r)
		if err != nil {
			if err.Error() != noCredential().Error() || !token.Empty() {
				t.Errorf("the error is %v", err)
			}
			return
		}
		text := token.Reveal()
		for _, given := range []string{key, secondKey} {
			if given != "" && strings.TrimPrefix(given, bearer) != text {
				t.Errorf("credential returns %q although the request also has %q", text, given)
			}
		}
		if authorization != "" && !strings.EqualFold(authorization, bearer+text) {
			t.Errorf("credential returns %q although the request also has %q", text, authorization)
		}
	})
}
