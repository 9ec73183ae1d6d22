package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

const keptForLater locale.Phrase = "What you write here is kept. Signing in by it is still to come: until then people sign in with their passwords."

func (q *request) directoryPanels() ([]panel, error) {
	l, err := q.accounts.LDAPConfiguration(q.Context(), q.caller)
	if err != nil {
		return nil, err
	}
	password := &field{
		Name: "searchUserPassword", Label: "Password of who searches", Type: "password", Autocomplete: "new-password",
		Hint: "There is none yet.",
	}
	f := &form{Action: directoryPath, Fields: []*field{
		{Name: "enabled", Label: "Users of the directory may sign in", Type: "checkbox", Checked: l.Enabled},
		{Name: "url", Label: "Directory", Hint: "Such as ldaps://directory.example.com.", Value: of(l.URL), Autocomplete: "off"},
		{Name: "searchUserDN", Label: "Who searches", Hint: "A distinguished name, such as cn=usher,dc=example,dc=com.", Value: of(l.SearchUserDN), Autocomplete: "off"},
		password,
	}}
	if l.PasswordSet {
		password.Hint = "There is one. Leave this empty to keep it. It is forgotten when the directory or who searches change."
		f.Fields = append(f.Fields, &field{Name: "forgetPassword", Label: "Forget the password", Type: "checkbox"})
	}
	f.Fields = append(f.Fields,
		&field{Name: "userSearchBase", Label: "Where the users are", Hint: "Such as ou=people,dc=example,dc=com.", Value: of(l.UserSearchBase), Autocomplete: "off"},
		&field{Name: "userSearchFilter", Label: "How a user is found", Hint: "A filter, with {{login}} for the name that was typed.", Value: of(l.UserSearchFilter), Autocomplete: "off"},
	)
	if err := q.addGroups(f, access.EntityLDAPConfiguration, l.AllowedGroups); err != nil {
		return nil, err
	}
	p := q.settingsPanel("Directory", access.EntityLDAPConfiguration, true, f)
	p.Text = append(p.Text, q.sayGroups(l.AllowedGroups)...)
	return []panel{p}, nil
}

func (q *request) changeDirectory() error {
	return q.changeSettings(directory, func(f *form) (string, error) {
		was, err := q.accounts.LDAPConfiguration(q.Context(), q.caller)
		if err != nil {
			return "", err
		}
		_, err = q.accounts.UpdateLDAPConfiguration(q.Context(), q.caller, settings.LDAPUpdate{
			Enabled: q.yes(f, "enabled"), URL: q.clearable("url"), SearchUserDN: q.clearable("searchUserDN"),
			SearchUserPassword: q.newSecret("searchUserPassword"), UserSearchBase: q.clearable("userSearchBase"),
			UserSearchFilter: q.clearable("userSearchFilter"), AllowedGroups: q.sentGroups(f, was.AllowedGroups),
		})
		return q.say(saved), err
	})
}

// maxShownGroups is how many groups a form has. Those behind them stay as they are.
const maxShownGroups = 100

// sayGroups says what becomes of a configuration with these groups.
func (q *request) sayGroups(groups []account.AllowedGroup) []string {
	text := []string{q.say(keptForLater)}
	if len(groups) >= maxShownGroups {
		text = append(text, q.say("At most 100 groups are shown. More are added and changed by the API; those that are not shown stay as they are."))
	}
	return text
}

// addGroups adds the fields of the groups whose members may sign in, and those of one
// more for who may add it. A group whose name is empty is none: the rules know those
// that follow by the place that they have without it.
func (q *request) addGroups(f *form, entity access.Entity, groups []account.AllowedGroup) error {
	roles, err := q.roleOptions()
	if err != nil {
		return err
	}
	shown := slices.Clip(groups[:min(len(groups), maxShownGroups)])
	if len(shown) < maxShownGroups && q.may(access.ActionEdit, entity) && q.mustAdminister() == nil {
		shown = append(shown, account.AllowedGroup{})
	}
	sent := q.URL.Path == f.Action && q.PostForm.Has(groupName(0))
	place := 0
	for i, g := range shown {
		path := fmt.Sprintf("/allowedGroups/%d", place)
		f.Fields = append(f.Fields,
			&field{Name: groupName(i), Path: path + "/name", Label: "Group whose members may sign in", Hint: "Leave the name empty for none.", Value: g.Name, Autocomplete: "off"},
			&field{Name: groupName(i) + "-roles", Path: path + "/defaultRoleIds", Label: "Roles that its members get", Type: "checkboxes", Options: roles(g.DefaultRoleIDs)},
		)
		if !sent || q.value(groupName(i)) != "" {
			place++
		} else {
			f.Fields[len(f.Fields)-2].Path, f.Fields[len(f.Fields)-1].Path = "-", "-"
		}
	}
	return nil
}

// sentGroups are the groups that were sent for the fields of a form, and those that it
// does not show. The profile of each stays as it was.
func (q *request) sentGroups(f *form, was []account.AllowedGroup) *[]account.AllowedGroup {
	if !q.PostForm.Has(groupName(0)) {
		return nil
	}
	groups := []account.AllowedGroup{}
	for i := 0; f.named(groupName(i)).Name != "" && q.PostForm.Has(groupName(i)); i++ {
		g := account.AllowedGroup{Name: q.value(groupName(i)), DefaultRoleIDs: *q.ids(groupName(i) + "-roles"), DefaultProfileID: 1}
		for _, before := range was {
			if strings.TrimSpace(before.Name) == g.Name {
				g.DefaultProfileID = before.DefaultProfileID
			}
		}
		if g.Name != "" {
			groups = append(groups, g)
		}
	}
	groups = append(groups, was[min(len(was), maxShownGroups):]...)
	return &groups
}

func groupName(i int) string { return fmt.Sprintf("group-%d", i) }
