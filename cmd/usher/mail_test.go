package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

// The domain of an address is in ASCII in a message, and as its owner wrote it in
// the outbox.
func TestReadMessageKnowsItsRecipient(t *testing.T) {
	data := t.TempDir()
	directory, err := mail.NewDirectory(mailDirectory(data), "usher@example.org", "")
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
			if err != nil || got.Text != want {
				t.Errorf("the text is %q, want %q: %v", got.Text, want, err)
			}
		})
	}
}

// Whoever looks at a message may not own the directory.
func TestReadMessageChangesNothing(t *testing.T) {
	data, recipient := t.TempDir(), "zoe@example.org"
	if err := os.Mkdir(mailDirectory(data), 0o750); err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{data, filepath.Join(data, "missing")} {
		if got, err := readMessage(data, client.MailMessage{ID: 1, Recipient: &recipient}); err != nil || got != (account.Message{}) {
			t.Errorf("read %+v: %v", got, err)
		}
	}
	if info, err := os.Stat(mailDirectory(data)); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("the mode is %v: %v", info.Mode(), err)
	}
	if _, err := os.Stat(filepath.Join(data, "missing")); !os.IsNotExist(err) {
		t.Errorf("a directory was made: %v", err)
	}
}
