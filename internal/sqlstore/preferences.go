package sqlstore

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func scanPreferences(row scanner) (p account.Preferences, err error) {
	return p, row.Scan(&p.Language, &p.ProfileID)
}

func (r reader) Preferences(ctx context.Context, userID int64) (account.Preferences, error) {
	return one(ctx, r.queries, scanPreferences, `SELECT language, profile_id FROM preferences WHERE user_id = $1`, userID)
}

func (t *tx) SavePreferences(ctx context.Context, userID int64, p account.Preferences) error {
	return t.run(ctx, `
		INSERT INTO preferences (user_id, language, profile_id) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE SET language = excluded.language, profile_id = excluded.profile_id`,
		userID, p.Language, p.ProfileID)
}
