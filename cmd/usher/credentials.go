package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// credentials is the file of the sessions that usher login has opened, one a
// server: credentials.json in the directory usher of the user's configuration, or
// in USHER_CONFIG_DIR. Whoever can read it can use them, so it is for its owner alone.
type credentials struct{ path string }

// storedSession is one session in the file.
type storedSession struct {
	Email   string    `json:"email"`
	Token   string    `json:"token"`
	SavedAt time.Time `json:"savedAt"`
}

func (a *app) credentials() (credentials, error) {
	dir := a.getenv("USHER_CONFIG_DIR")
	if dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return credentials{}, withHint(fmt.Errorf("there is no place for the session: %w", err), "name a directory with USHER_CONFIG_DIR")
		}
		dir = filepath.Join(base, "usher")
	}
	return credentials{filepath.Join(dir, "credentials.json")}, nil
}

// get returns the token for a server, empty if there is none.
func (c credentials) get(server string) (secret.Text, error) {
	sessions, err := c.read()
	return secret.New(sessions[server].Token), err
}

// last returns the server of the newest session, or "" if there is none.
func (c credentials) last() (server string, err error) {
	sessions, err := c.read()
	for name, session := range sessions {
		if server == "" || session.SavedAt.After(sessions[server].SavedAt) {
			server = name
		}
	}
	return server, err
}

// put keeps a session.
func (c credentials) put(server, email string, token secret.Text, now time.Time) error {
	return c.change(func(sessions map[string]storedSession) {
		sessions[server] = storedSession{Email: email, Token: token.Reveal(), SavedAt: now.UTC().Truncate(time.Second)}
	})
}

// remove forgets the session of a server.
func (c credentials) remove(server string) error {
	return c.change(func(sessions map[string]storedSession) { delete(sessions, server) })
}

func (c credentials) read() (map[string]storedSession, error) {
	raw, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]storedSession{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the session: %w", err)
	}
	sessions := map[string]storedSession{}
	if err := json.Unmarshal(raw, &sessions); err != nil {
		return nil, withHint(fmt.Errorf("%s is damaged", c.path), "remove it and sign in again with `usher login`")
	}
	return sessions, nil
}

func (c credentials) change(f func(map[string]storedSession)) error {
	sessions, err := c.read()
	if err != nil {
		return err
	}
	f(sessions)
	raw, err := json.MarshalIndent(sessions, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return fmt.Errorf("keep the session: %w", err)
	}
	file, err := createPrivate(c.path)
	if err != nil {
		return fmt.Errorf("keep the session: %w", err)
	}
	defer file.discard()
	if _, err := file.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("keep the session: %w", err)
	}
	return file.commit()
}
