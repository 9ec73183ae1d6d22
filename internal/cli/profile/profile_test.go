package profile_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/profile"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// TestTexts checks that each field of Texts is in every type that represents a user.
func TestTexts(t *testing.T) {
	for f := range reflect.TypeFor[profile.Texts]().Fields() {
		t.Run(f.Name, func(t *testing.T) {
			value := "some text"
			words := strings.ToLower(strings.Join(regexp.MustCompile("[A-Z][a-z]*").FindAllString(f.Name, -1), " "))
			flagName, column := strings.ReplaceAll(words, " ", "-"), strings.ReplaceAll(words, " ", "_")
			var changes profile.Changes
			set(&changes.Texts, f.Name, &value)

			var created client.NewUser
			changes.SetInNewUser(&created)
			if get(created, f.Name) != &value {
				t.Errorf("a new user has %+v", created)
			}
			var update, want client.UserUpdate
			changes.SetInUpdate(&update)
			set(&want, f.Name, client.Set(value))
			if !changes.HasChanges() || !reflect.DeepEqual(update, want) {
				t.Errorf("the update is %+v", update)
			}
			changes.Clear = []string{flagName}
			if err := changes.CheckConflicts(); err == nil {
				t.Error("the text may be set and cleared")
			}
			changes.Texts = profile.Texts{}
			changes.SetInUpdate(&update)
			set(&want, f.Name, client.Clear[string]())
			if changes.CheckConflicts() != nil || !changes.HasChanges() || !reflect.DeepEqual(update, want) {
				t.Errorf("the clearing update is %+v", update)
			}
			clearFlag, _ := reflect.TypeFor[profile.Changes]().FieldByName("Clear")
			if !strings.Contains(clearFlag.Tag.Get("enum"), flagName) {
				t.Error("--clear refuses the text")
			}

			var u client.User
			set(&u, f.Name, &value)
			row := profile.ExportRow(u)
			if get(row, f.Name) != &value || profile.RowSize(row)-profile.RowSize(userfile.Row{}) != len(value) {
				t.Errorf("the row is %+v, of %d bytes", row, profile.RowSize(row))
			}
			if imported := profile.ImportUser(row); get(imported, f.Name) != &value {
				t.Errorf("a user to import has %+v", imported)
			}
			if table := fmt.Sprint(profile.Table(u)); !strings.Contains(table, value) {
				t.Errorf("the table is %s", table)
			}
			if !strings.Contains(profile.ExportColumns, column) || !strings.Contains(profile.OptionalColumns, column) {
				t.Error("the help texts lack the column")
			}
		})
	}
}

func TestClearPicture(t *testing.T) {
	var update client.UserUpdate
	profile.Changes{Clear: []string{"picture"}}.SetInUpdate(&update)
	if want := (client.UserUpdate{Picture: client.Clear[client.Picture]()}); !reflect.DeepEqual(update, want) {
		t.Errorf("the update is %+v, want %+v", update, want)
	}
	if (profile.Changes{}).HasChanges() {
		t.Error("no flags are a change")
	}
}

// get returns the value of the named field of the struct v.
func get(v any, name string) any { return reflect.ValueOf(v).FieldByName(name).Interface() }

// set sets the named field of the struct that target points to.
func set(target any, name string, value any) {
	reflect.ValueOf(target).Elem().FieldByName(name).Set(reflect.ValueOf(value))
}
