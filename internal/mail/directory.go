package mail

import (
	"context"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Directory writes messages to .eml files, for an installation without a mail server. The
// files contain valid tokens, so only the operating system account of the server may read
// them.
type Directory struct {
	path string
	from *netmail.Address
}

var _ Sender = (*Directory)(nil)

// NewDirectory returns a [Directory] that writes files to path. It creates the directory if
// it does not exist, and sets its mode to 0700. from and fromName are the address and the
// display name in the From field of the messages. fromName may be empty.
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

// Send writes the message to a file that is named after the message's id. Another attempt
// replaces the file. A crash leaves the whole file or none.
func (d *Directory) Send(_ context.Context, delivery *account.Delivery) error {
	raw, err := encode(delivery.Message, d.from)
	if err != nil {
		return newFailure(CauseUnknown, err)
	}
	if err := writeFileAtomically(emlPath(d.path, delivery.MailID), raw); err != nil {
		return newFailure(CauseFile, err)
	}
	return nil
}

// ReadFile reads the message with the given id from path, the directory of a [Directory].
// It does not change the directory. It fails with [os.ErrNotExist] if the file or the
// directory does not exist.
func ReadFile(path string, id int64) (account.Message, error) {
	raw, err := os.ReadFile(emlPath(path, id))
	if err != nil {
		return account.Message{}, fmt.Errorf("mail %d: %w", id, err)
	}
	m, err := Parse(raw)
	if err != nil {
		return account.Message{}, fmt.Errorf("mail %d: %w", id, err)
	}
	return m, nil
}

// emlPath returns the path of the file for the message with the given id.
func emlPath(directory string, id int64) string {
	return filepath.Join(directory, fmt.Sprintf("%06d.eml", id))
}

// writeFileAtomically writes content to a temporary file with mode 0600 and renames the file
// to name. When it returns, the file is on disk. If a crash leaves a temporary file, the
// next attempt overwrites it.
func writeFileAtomically(name string, content []byte) (err error) {
	temporary := name + ".part"
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
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
	if err := os.Rename(temporary, name); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(name))
}

// syncDirectory flushes a directory to disk, so that a renamed file keeps its new name after
// a power loss.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	defer directory.Close()
	return directory.Sync()
}
