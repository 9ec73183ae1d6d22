package datadir

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/privatefile"
)

// ServerKeyPath returns the path of the server key in the data directory.
func ServerKeyPath(data string) string { return filepath.Join(data, "server.key") }

// ReadServerKey reads the server key from the file at path. It fails with fs.ErrNotExist if there is no file.
func ReadServerKey(path string) (*keyring.Ring, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the server key: %w", err)
	}
	ring, err := keyring.Parse(string(text))
	if err != nil {
		return nil, command.WithHint(fmt.Errorf("%s: %w", path, err),
			"put the key back that the database was created with, one line of 44 characters")
	}
	return ring, nil
}

// GenerateServerKey writes a new server key to path and reads the file back. If two servers start at the same
// time, only the first one creates the file, and both use the key in it.
func GenerateServerKey(path string) (*keyring.Ring, error) {
	key, err := keyring.Generate(rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := privatefile.Write(path, key, os.Link); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("keep the server key: %w", err)
	}
	return ReadServerKey(path)
}
