package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

// TestReadMessageComparesRecipients reads the file of a message whose recipient has an internationalized domain. The
// file has the domain in ASCII, and the outbox has the domain as the user wrote it. readMessage must consider the two
// recipients equal.
func TestReadMessageComparesRecipients(t *testing.T) {
	data := t.TempDir()
	directory, err := mail.NewDirectory(datadir.MailPath(data), "usher@example.org", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := directory.Send(t.Context(), &account.Delivery{MailID: 1, Message: account.Message{
		ID: "1@example.org", Date: time.Unix(0, 0), To: "Zoe@bücher.example", Subject: "Hello", Text: "text\n",
	}}); err != nil {
		t.Fatal(err)
	}
	for recipient, want := range map[string]string{
		"Zoe@bücher.example":        "text\n",
		"zoe@BÜCHER.example":        "text\n",
		"zoe@xn--bcher-kva.example": "text\n",
		"zoe@buecher.example":       "",
		"another@bücher.example":    "",
	} {
		t.Run(recipient, func(t *testing.T) {
			got, err := readMessage(data, client.MailMessage{ID: 1, Recipient: &recipient})
			if err != nil || got.text != want {
				t.Errorf("the text is %q, want %q: %v", got.text, want, err)
			}
		})
	}
}

// TestReadMessageChangesNothing checks that reading a message changes no permissions and creates no directory, since
// the user may not own the data directory.
func TestReadMessageChangesNothing(t *testing.T) {
	data, recipient := t.TempDir(), "zoe@example.org"
	if err := os.Mkdir(datadir.MailPath(data), 0o750); err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{data, filepath.Join(data, "missing")} {
		got, err := readMessage(data, client.MailMessage{ID: 1, Recipient: &recipient})
		if err != nil || got != (storedMessage{}) {
			t.Errorf("read %+v: %v", got, err)
		}
	}
	if info, err := os.Stat(datadir.MailPath(data)); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("the mode is %v: %v", info.Mode(), err)
	}
	if _, err := os.Stat(filepath.Join(data, "missing")); !os.IsNotExist(err) {
		t.Errorf("a directory was created: %v", err)
	}
}
