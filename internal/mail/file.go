package mail

import (
	"context"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Directory delivers messages as .eml files, for an installation without a mail
// server. Whoever can read them can use the tokens in them, so they are for the
// server's own account alone.
type Directory struct {
	path string
	from *netmail.Address
}

var _ Sender = (*Directory)(nil)

// NewDirectory returns the transport into the directory path, which it makes, or
// closes to other accounts (mode 0700), as need be. Messages come from the address
// from and may name their sender.
func NewDirectory(path, from, fromName string) (*Directory, error) {
	sender, err := parseSender(from, fromName)
	if err != nil {
		return nil, fmt.Errorf("mail directory: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("mail directory: %w", err)
	}
	if err := os.Chmod(path, 0o700); err != nil {
		return nil, fmt.Errorf("mail directory: %w", err)
	}
	return &Directory{path: path, from: sender}, nil
}

// Send writes the message to a file named after its id. Another attempt replaces
// the file; a crash leaves it whole or not at all.
func (d *Directory) Send(_ context.Context, delivery *account.Delivery) error {
	raw, err := encode(delivery.Message, d.from)
	if err != nil {
		return newFailure(CauseUnknown, err)
	}
	if err := writeFile(fileName(d.path, delivery.MailID), raw); err != nil {
		return newFailure(CauseFile, err)
	}
	return nil
}

// ReadFile returns the message with the id given that a [Directory] has written to
// the directory path. It changes nothing there. Its error is [os.ErrNotExist] where
// there is no such file or directory.
func ReadFile(path string, id int64) (account.Message, error) {
	raw, err := os.ReadFile(fileName(path, id))
	if err != nil {
		return account.Message{}, fmt.Errorf("mail %d: %w", id, err)
	}
	m, err := Parse(raw)
	if err != nil {
		return account.Message{}, fmt.Errorf("mail %d: %w", id, err)
	}
	return m, nil
}

// fileName is where the message with the id given is, in the directory path.
func fileName(path string, id int64) string {
	return filepath.Join(path, fmt.Sprintf("%06d.eml", id))
}

// writeFile replaces name by a file with the content given (mode 0600), on disk
// when it returns. What is half written bears another name, which the next attempt
// takes again.
func writeFile(name string, content []byte) (err error) {
	half := name + ".part"
	file, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(half, name); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(name))
}

// syncDirectory makes a rename in the directory last through a loss of power.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	defer directory.Close()
	return directory.Sync()
}
