package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func (t *tx) InsertActivity(ctx context.Context, a account.Activity) error {
	changes, err := json.Marshal(a.Changes)
	if err != nil {
		return fmt.Errorf("write an entry of the activity log: %w", err)
	}
	return t.run(ctx, `
		INSERT INTO activity (at, actor_id, actor_name, credential, credential_id, source,
		                      action, target_kind, target_id, target_name, changes, count)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		micros(a.At), a.Actor.ID, a.Actor.Name, string(a.Actor.Credential.Kind), a.Actor.Credential.ID, a.Actor.Source,
		string(a.Action), string(a.Target.Kind), a.Target.ID, a.Target.Name, string(changes), a.Count)
}
