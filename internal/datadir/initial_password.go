package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/seed-3a99a2fe/usher/internal/privatefile"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// initialPasswordFile is the name of the file with the generated password of the first administrator.
const initialPasswordFile = "initial-admin-password"

// firstAdministrator is the user id of the administrator that the first start creates.
const firstAdministrator = 1

// InitialPasswordPath returns the path of the file with the first administrator's generated password.
func InitialPasswordPath(data string) string { return filepath.Join(data, initialPasswordFile) }

// SaveInitialPassword stores the first administrator's generated password in a file. The file stays until
// [RemoveInitialPassword] is called.
func SaveInitialPassword(data string, password secret.Text) error {
	if err := privatefile.Write(InitialPasswordPath(data), password.Reveal()+"\n", os.Rename); err != nil {
		return fmt.Errorf("keep the administrator's password: %w", err)
	}
	return nil
}

// RemoveInitialPassword removes the file that SaveInitialPassword has written. Call it after the password of
// userID has changed. It does nothing if userID is not the first administrator.
func RemoveInitialPassword(data string, userID int64, log *slog.Logger) {
	if userID != firstAdministrator {
		return
	}
	err := os.Remove(InitialPasswordPath(data))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("the file of the first password is still there; remove it", "file", initialPasswordFile, "error", err)
	}
}
