package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// oneUserServer answers for user 18, and tells whether it was deleted.
func oneUserServer(t *testing.T) (url string, deleted *atomic.Bool) {
	deleted = &atomic.Bool{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/users/18", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id":18,"name":"Ada","surname":"Lovelace","email":"ada@example.com","provider":"tenable","identifier":"ada@example.com",`+
			`"department":null,"biography":null,"active":true,"picture":null,"lockedOut":false,"eulaVersion":-1,"roles":[2]}`)
	})
	mux.HandleFunc("DELETE /api/users/18", func(w http.ResponseWriter, _ *http.Request) {
		deleted.Store(true)
		w.WriteHeader(http.StatusNoContent)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, deleted
}
