package datadir

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

// AddServerKey generates a server key and appends it to the file at path. The keys in the file stay the first ones.
func AddServerKey(path string) (*keyring.Ring, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the server key: %w", err)
	}
	key, err := keyring.Generate(rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := privatefile.Write(path, strings.TrimRight(string(text), "\n")+"\n"+key, os.Rename); err != nil {
		return nil, fmt.Errorf("keep the new server key: %w", err)
	}
	return ReadServerKey(path)
}

// RetireServerKeys removes the keys with the ids from the file at path, and appends them to the file of retired keys
// first. It returns the path of that file, or "" if the file at path has none of these keys.
//
// Backups from before a rotation can be used only with the key from before.
func RetireServerKeys(path string, ids []string) (retired string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the server key: %w", err)
	}
	var keep, remove strings.Builder
	for line := range strings.Lines(string(text)) {
		ring, err := keyring.Parse(line)
		if err != nil { // a blank line
			continue
		}
		to := &keep
		if slices.Contains(ids, ring.Primary()) {
			to = &remove
		}
		to.WriteString(strings.TrimSpace(line) + "\n")
	}
	if remove.Len() == 0 {
		return "", nil
	}
	retired = path + ".retired"
	before, err := os.ReadFile(retired)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the retired server keys: %w", err)
	}
	if !strings.HasSuffix(string(before), remove.String()) { // unless a crash has interrupted the last attempt
		if err := privatefile.Write(retired, string(before)+remove.String(), os.Rename); err != nil {
			return "", fmt.Errorf("keep the retired server key: %w", err)
		}
	}
	if err := privatefile.Write(path, keep.String(), os.Rename); err != nil {
		return "", fmt.Errorf("remove the retired server key: %w", err)
	}
	return retired, nil
}
