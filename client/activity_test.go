package client_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
)

func TestActivityRequests(t *testing.T) {
	var got string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.RequestURI()
		w.Header().Set("X-Next-Cursor", "a1")
		_, _ = io.WriteString(w, "["+activityJSON+"]")
	})
	c := newClient(t, url, client.WithToken("uss_hidden"))
	page, err := c.Activity.List(t.Context(), client.ActivityFilter{}, "", 5)
	if err != nil || page.Next != "a1" || len(page.Entries) != 1 || got != "/api/activity-log?limit=5" {
		t.Errorf("%s: %+v, %v", got, page, err)
	}
	all := client.ActivityFilter{
		ActorID: 1, Action: "user.*", TargetKind: "user", TargetID: 18,
		From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
	}
	if _, err := c.Activity.List(t.Context(), all, "a1", 5); err != nil {
		t.Fatal(err)
	}
	want := "/api/activity-log?actor=1&action=user.%2A&targetKind=user&targetId=18" +
		"&from=2026-03-01T00%3A00%3A00Z&to=2026-03-02T00%3A00%3A00Z&cursor=a1&limit=5"
	if got != want {
		t.Errorf("requested %s, want %s", got, want)
	}
}

// TestActivityExportIncomplete checks that Export yields an error if the answer ends in
// the middle of an entry.
func TestActivityExportIncomplete(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, activityJSON+"\n"+activityJSON[:40])
	})
	n, failed := 0, false
	for _, err := range newClient(t, url).Activity.Export(t.Context(), client.ActivityFilter{}) {
		if err != nil {
			failed = true
			continue
		}
		n++
	}
	if n != 1 || !failed {
		t.Errorf("%d entries, failed: %v", n, failed)
	}
}
