// Package credentials stores the sessions that `usher login` has opened. There is one session per server, in a file
// that only its owner can read.
package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/privatefile"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Store is the file credentials.json. Whoever can read the file can use the sessions in it.
type Store struct{ path string }

// session is the session of one server in the file.
type session struct {
	Email   string    `json:"email"`
	Token   string    `json:"token"`
	SavedAt time.Time `json:"savedAt"`
}

// Open returns the store in the directory dir. If dir is "", it uses the directory usher in the user's configuration
// directory. The file doesn't have to exist yet.
func Open(dir string) (Store, error) {
	if dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return Store{}, command.WithHint(fmt.Errorf("there is no place for the session: %w", err),
				"name a directory with USHER_CONFIG_DIR")
		}
		dir = filepath.Join(base, "usher")
	}
	return Store{path: filepath.Join(dir, "credentials.json")}, nil
}

// Token returns the session token for a server. The token is empty if there is no session.
func (s Store) Token(server string) (secret.Text, error) {
	sessions, err := s.read()
	return secret.New(sessions[server].Token), err
}

// LastServer returns the server with the newest session, or "" if there are no sessions.
func (s Store) LastServer() (server string, err error) {
	sessions, err := s.read()
	for name, session := range sessions {
		if server == "" || session.SavedAt.After(sessions[server].SavedAt) {
			server = name
		}
	}
	return server, err
}

// Save stores the session for a server. It replaces an earlier session for that server.
func (s Store) Save(server, email string, token secret.Text, now time.Time) error {
	return s.update(func(sessions map[string]session) {
		sessions[server] = session{Email: email, Token: token.Reveal(), SavedAt: now.UTC().Truncate(time.Second)}
	})
}

// Remove deletes the session for a server from the file.
func (s Store) Remove(server string) error {
	return s.update(func(sessions map[string]session) { delete(sessions, server) })
}

func (s Store) read() (map[string]session, error) {
	raw, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]session{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the session: %w", err)
	}
	sessions := map[string]session{}
	if err := json.Unmarshal(raw, &sessions); err != nil {
		return nil, command.WithHint(fmt.Errorf("%s is damaged", s.path), "remove it and sign in again with `usher login`")
	}
	return sessions, nil
}

func (s Store) update(f func(map[string]session)) error {
	sessions, err := s.read()
	if err != nil {
		return err
	}
	f(sessions)
	raw, err := json.MarshalIndent(sessions, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return fmt.Errorf("keep the session: %w", err)
	}
	file, err := privatefile.Create(s.path)
	if err != nil {
		return fmt.Errorf("keep the session: %w", err)
	}
	defer file.Discard()
	if _, err := file.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("keep the session: %w", err)
	}
	return file.Commit()
}
