package sqlstore_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

func TestSettings(t *testing.T) {
	conform(t, "a group is stored by its name", func(t *testing.T, db database) {
		_, err := db.Setting(t.Context(), "a")
		wantErr(t, "a group that was never set", err, account.ErrNotFound)
		for _, value := range []string{`{"x":1}`, `{"x":"ü\u0001"}`} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SaveSetting(ctx, "a", value) })
			want(t, "the group", get[string](t)(db.another().Setting(t.Context(), "a")), value)
		}
		_, err = db.Setting(t.Context(), "b")
		wantErr(t, "another group", err, account.ErrNotFound)
	})
}

func TestSettingSecrets(t *testing.T) {
	conform(t, "a secret is stored sealed, and is deleted", func(t *testing.T, db database) {
		_, err := db.SettingSecret(t.Context(), "a")
		wantErr(t, "a secret that is not set", err, account.ErrNotFound)
		for _, sealed := range []keyring.Sealed{{KeyID: "k1", Box: []byte{0, 1, 255}}, {KeyID: "k2", Box: []byte{7}}} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SaveSettingSecret(ctx, "a", sealed) })
			if got := get[keyring.Sealed](t)(db.another().SettingSecret(t.Context(), "a")); !reflect.DeepEqual(got, sealed) {
				t.Errorf("got %v, want %v", got, sealed)
			}
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			if err := tx.DeleteSettingSecret(ctx, "b"); err == nil {
				t.Error("a secret that is not set was deleted")
			}
			return tx.DeleteSettingSecret(ctx, "a")
		})
		_, err = db.SettingSecret(t.Context(), "a")
		wantErr(t, "a deleted secret", err, account.ErrNotFound)
	})
}

func TestPreferences(t *testing.T) {
	conform(t, "preferences belong to a user and are deleted with the user", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		_, err := db.Preferences(t.Context(), users[0].ID)
		wantErr(t, "preferences that were never chosen", err, account.ErrNotFound)
		for _, p := range []account.Preferences{{Language: "de", ProfileID: 2}, {Language: "pt-BR", ProfileID: 2147483647}} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SavePreferences(ctx, users[0].ID, p) })
			want(t, "the preferences", get[account.Preferences](t)(db.another().Preferences(t.Context(), users[0].ID)), p)
		}
		_, err = db.Preferences(t.Context(), users[1].ID)
		wantErr(t, "those of another user", err, account.ErrNotFound)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, users[0].ID) })
		_, err = db.Preferences(t.Context(), users[0].ID)
		wantErr(t, "those of a deleted user", err, account.ErrNotFound)
	})
}
