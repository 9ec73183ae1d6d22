package sqlstore

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// preferenceReader implements [account.PreferenceReader].
type preferenceReader struct{ *querier }

// preferenceWriter implements [account.PreferenceWriter].
type preferenceWriter struct{ *txState }

var (
	_ account.PreferenceReader = preferenceReader{}
	_ account.PreferenceWriter = preferenceWriter{}
)

func scanPreferences(row sqldb.Row) (p account.Preferences, err error) {
	return p, row.Scan(&p.Language, &p.ProfileID)
}

func (r preferenceReader) Preferences(ctx context.Context, userID int64) (account.Preferences, error) {
	return one(ctx, r.querier, scanPreferences, `SELECT language, profile_id FROM preferences WHERE user_id = $1`, userID)
}

func (t preferenceWriter) SavePreferences(ctx context.Context, userID int64, p account.Preferences) error {
	return t.execDeferred(ctx, `
		INSERT INTO preferences (user_id, language, profile_id) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE SET language = excluded.language, profile_id = excluded.profile_id`,
		userID, p.Language, p.ProfileID)
}
