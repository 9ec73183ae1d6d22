package user

import (
	"context"
	"errors"

	"golang.org/x/text/language"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// defaultPreferences returns the preferences of a user who has never changed them.
func defaultPreferences() account.Preferences {
	return account.Preferences{Language: "en", ProfileID: 1}
}

// Preferences returns the caller's preferences. It fails with CodePasswordChangeRequired when
// the caller must change their password first.
func (s *Users) Preferences(ctx context.Context, caller *account.Principal) (account.Preferences, error) {
	if err := account.RequirePasswordChanged(caller); err != nil {
		return account.Preferences{}, err
	}
	return preferences(ctx, s.store, caller.User.ID)
}

func preferences(ctx context.Context, r account.PreferenceReader, userID int64) (account.Preferences, error) {
	p, err := r.Preferences(ctx, userID)
	if errors.Is(err, account.ErrNotFound) {
		return defaultPreferences(), nil
	}
	return p, err
}

// UpdatePreferences changes the caller's preferences and returns them. It fails with CodeInvalid
// for a language that is not a well-formed BCP 47 tag. It fails with CodeUnavailable while
// the disk is almost full. It also fails as [account.AllowOwnData] does.
func (s *Users) UpdatePreferences(
	ctx context.Context, caller *account.Principal, up account.PreferencesUpdate,
) (account.Preferences, error) {
	permit, err := auth.Permitted(caller, account.AllowOwnData)
	if err != nil {
		return account.Preferences{}, err
	}
	if err := s.requireDiskSpace(); err != nil {
		return account.Preferences{}, err
	}
	var now account.Preferences
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		if up.Language != nil && !isLanguage(*up.Language) {
			return account.Invalid(account.Detail{Path: "/language", Message: "must be a language tag, en or pt-BR say"})
		}
		was, err := preferences(ctx, tx, caller.User.ID)
		if err != nil {
			return err
		}
		now = was
		account.SetIfPresent(&now.Language, up.Language)
		account.SetIfPresent(&now.ProfileID, up.ProfileID)
		if now == was {
			return nil
		}
		if err := tx.SavePreferences(ctx, caller.User.ID, now); err != nil {
			return err
		}
		var l account.ChangeList
		l.Add("language", was.Language, now.Language)
		l.Add("preferredProfileId", was.ProfileID, now.ProfileID)
		return s.audit.Record(ctx, tx, caller, account.Event{
			Action: account.ActionPreferencesUpdate, Target: caller.User.Target(), Changes: l,
		})
	}
	err = s.auth.UpdateUserAs(ctx, permit, caller.User.ID, update)
	return now, err
}

// isLanguage reports whether text is a well-formed language tag (RFC 5646, section 2.1). The
// language and the other parts of the tag need not exist in the IANA registry.
func isLanguage(text string) bool {
	_, err := language.Parse(text)
	_, unregistered := errors.AsType[language.ValueError](err)
	return err == nil || unregistered
}
