package account

import (
	"context"
	"errors"

	"golang.org/x/text/language"
)

// Preferences are what a user has chosen for himself. Clients use them; the server
// only keeps them.
type Preferences struct {
	Language  string // BCP 47
	ProfileID int    // opened after sign-in
}

// defaultPreferences are those of a user who never chose.
var defaultPreferences = Preferences{Language: "en", ProfileID: 1}

// PreferencesUpdate changes preferences. What is nil stays as it is.
type PreferencesUpdate struct {
	Language  *string
	ProfileID *int
}

// Preferences returns what the caller has chosen. Every caller may.
func (s *Service) Preferences(ctx context.Context, caller *Principal) (Preferences, error) {
	if err := requirePasswordChanged(caller); err != nil {
		return Preferences{}, err
	}
	return preferences(ctx, s.store, caller.User.ID)
}

func preferences(ctx context.Context, r Reader, userID int64) (Preferences, error) {
	p, err := r.Preferences(ctx, userID)
	if errors.Is(err, ErrNotFound) {
		return defaultPreferences, nil
	}
	return p, err
}

// UpdatePreferences changes what the caller has chosen, and returns it. Every
// caller may. It fails with CodeInvalid for a language that has not the form of a
// tag of BCP 47.
func (s *Service) UpdatePreferences(ctx context.Context, caller *Principal, up PreferencesUpdate) (Preferences, error) {
	var now Preferences
	err := s.updateUserAs(ctx, caller, caller.User.ID, func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := requirePasswordChanged(caller); err != nil {
			return err
		}
		if up.Language != nil && !isLanguage(*up.Language) {
			return Invalid(Detail{"/language", "must be a language tag, en or pt-BR say"})
		}
		was, err := preferences(ctx, tx, caller.User.ID)
		if err != nil {
			return err
		}
		now = was
		setIfPresent(&now.Language, up.Language)
		setIfPresent(&now.ProfileID, up.ProfileID)
		if now == was {
			return nil
		}
		if err := tx.SavePreferences(ctx, caller.User.ID, now); err != nil {
			return err
		}
		var l changeList
		l.add("language", was.Language, now.Language)
		l.add("preferredProfileId", was.ProfileID, now.ProfileID)
		return s.record(ctx, tx, caller, Event{ActionPreferencesUpdate, caller.User.target(), l})
	})
	return now, err
}

// isLanguage reports whether a text has the form of a language tag (RFC 5646,
// section 2.1), whether or not its parts are registered.
func isLanguage(text string) bool {
	_, err := language.Parse(text)
	_, unregistered := errors.AsType[language.ValueError](err)
	return err == nil || unregistered
}
