package console_test

import (
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// TestProfileTexts checks that each optional text of a profile is in every form, list and label of
// the console.
func TestProfileTexts(t *testing.T) {
	for f := range reflect.TypeFor[account.Profile]().Fields() {
		if f.Type == reflect.TypeFor[*string]() {
			t.Run(f.Name, func(t *testing.T) { checkProfileText(t, f.Name) })
		}
	}
}

// checkProfileText checks the text that is stored in a field of [account.Profile].
func checkProfileText(t *testing.T, field string) {
	name := strings.ToLower(field[:1]) + field[1:] // the JSON name in the API
	s := consoletest.New(t)
	checkStored := func(id int64, want string) {
		t.Helper()
		got, _ := reflect.ValueOf(s.FindUser(id).Profile).FieldByName(field).Interface().(*string)
		if consoletest.OrEmpty(got) != want {
			t.Errorf("user %d has the text %q, want %q", id, consoletest.OrEmpty(got), want)
		}
	}
	formWith := func(u account.User, value string) url.Values {
		form := consoletest.ProfileForm(u)
		form.Set(name, value)
		return form
	}

	ada := s.AddUser("ada@example.org")
	b := s.SignedInAs(ada.Email)
	labels := regexp.MustCompile(`<label for="` + name + `">([^<]+)</label>`)
	match := labels.FindStringSubmatch(b.Get("/profile").Body)
	if match == nil {
		t.Fatalf("the user's own profile has no field %q", name)
	}
	label := match[1]
	tooLong := strings.Repeat("x", account.MaxBiographyLength+1)
	b.Post("/profile", formWith(ada, tooLong)).Want(t, 422, `id="`+name+`-fault"`)
	b.Follow("/profile", formWith(ada, "own text")).Want(t, 200, "Your profile was saved.", "own text")
	checkStored(ada.ID, "own text")
	b.Get("/profile/activity").Want(t, 200, ">"+label+"<")

	admin := s.SignedInAs(consoletest.AdminEmail)
	userPath := "/users/" + strconv.FormatInt(ada.ID, 10)
	admin.Get(userPath).Want(t, 200, match[0], "own text")
	admin.Post(userPath, formWith(ada, tooLong)).Want(t, 422, `id="`+name+`-fault"`)
	admin.Follow(userPath, formWith(ada, "other text")).Want(t, 200, "The changes are saved.", "other text")
	checkStored(ada.ID, "other text")

	admin.Get("/users/new").Want(t, 200, match[0])
	admin.Follow("/users/new", url.Values{
		"begin": {"invite"}, "name": {"Bob"}, "email": {"bob@example.org"}, name: {"first text"},
	}).Want(t, 200, "bob@example.org", "first text")
	checkStored(ada.ID+1, "first text")

	s.AddPowerlessUser("eve@example.org")
	eve := s.FindUser(ada.ID + 2)
	admin.Follow("/users/"+strconv.FormatInt(eve.ID, 10), formWith(eve, "read-only text")).
		Want(t, 200, "The changes are saved.")
	s.SignedInAs(eve.Email).Get("/profile").Want(t, 200, "<dt>"+label+"</dt><dd>read-only text</dd>")

	column := strings.ToLower(regexp.MustCompile(`\B[A-Z]`).ReplaceAllString(field, "_$0"))
	admin.Get("/users/import").Want(t, 200, "<dt><code>"+column+"</code></dt>")
}
