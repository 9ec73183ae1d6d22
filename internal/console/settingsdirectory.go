package console

import (
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
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
	p.Text = append(p.Text, q.say(keptForLater))
	return []panel{p}, nil
}

func (q *request) changeDirectory() error {
	return q.changeSettings(directory, func(f *form) (string, error) {
		was, err := q.accounts.LDAPConfiguration(q.Context(), q.caller)
		if err != nil {
			return "", err
		}
		_, err = q.accounts.UpdateLDAPConfiguration(q.Context(), q.caller, account.LDAPUpdate{
			Enabled: q.yes(f, "enabled"), URL: q.clearable("url"), SearchUserDN: q.clearable("searchUserDN"),
			SearchUserPassword: q.newSecret("searchUserPassword"), UserSearchBase: q.clearable("userSearchBase"),
			UserSearchFilter: q.clearable("userSearchFilter"), AllowedGroups: q.sentGroups(was.AllowedGroups),
		})
		return q.say(saved), err
	})
}

// addGroups adds the fields of the groups whose members may sign in, and those of one
// more. A group whose name is empty is none: the rules know those that follow by the
// place that they have without it.
func (q *request) addGroups(f *form, entity access.Entity, groups []account.AllowedGroup) error {
	shown := append(groups[:len(groups):len(groups)], account.AllowedGroup{})
	if !q.may(access.ActionEdit, entity) || q.mustAdminister() != nil {
		shown = groups
	}
	sent := q.URL.Path == f.Action && q.PostForm.Has(groupName(0))
	for sent && q.PostForm.Has(groupName(len(shown))) { // others have removed some since
		shown = append(shown, account.AllowedGroup{})
	}
	place := 0
	for i, g := range shown {
		roles, err := q.roleOptions(g.DefaultRoleIDs)
		if err != nil {
			return err
		}
		path := fmt.Sprintf("/allowedGroups/%d", place)
		f.Fields = append(f.Fields,
			&field{Name: groupName(i), Path: path + "/name", Label: "Group whose members may sign in", Hint: "Leave the name empty for none.", Value: g.Name, Autocomplete: "off"},
			&field{Name: groupName(i) + "-roles", Path: path + "/defaultRoleIds", Label: "Roles that its members get", Type: "checkboxes", Options: roles},
		)
		if !sent || q.value(groupName(i)) != "" {
			place++
		} else {
			f.Fields[len(f.Fields)-2].Path, f.Fields[len(f.Fields)-1].Path = "-", "-"
		}
	}
	return nil
}

// sentGroups are the groups that were sent. The profile of each stays as it was.
func (q *request) sentGroups(was []account.AllowedGroup) *[]account.AllowedGroup {
	if !q.PostForm.Has(groupName(0)) {
		return nil
	}
	groups := []account.AllowedGroup{}
	for i := 0; q.PostForm.Has(groupName(i)); i++ {
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
	return &groups
}

func groupName(i int) string { return fmt.Sprintf("group-%d", i) }
