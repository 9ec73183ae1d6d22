package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

const keptForLater locale.Phrase = "What you write here is kept. Signing in by it is still to come: until then " +
	"people sign in with their passwords."

func (h *handler) directoryPanels(q *page.Request) ([]panel, error) {
	l, err := h.service.LDAPConfiguration(q.Context(), q.Caller)
	if err != nil {
		return nil, err
	}
	password := &page.Field{
		Name: "searchUserPassword", Label: "Password of who searches", Type: "password", Autocomplete: "new-password",
		Hint: "There is none yet.",
	}
	f := &page.Form{Action: directoryPath, Fields: []*page.Field{
		{Name: "enabled", Label: "Users of the directory may sign in", Type: "checkbox", Checked: l.Enabled},
		{
			Name: "url", Label: "Directory", Hint: "Such as ldaps://directory.example.com.",
			Value: page.OrEmpty(l.URL), Autocomplete: "off",
		},
		{
			Name: "searchUserDN", Label: "Who searches",
			Hint: "A distinguished name, such as cn=usher,dc=example,dc=com.", Value: page.OrEmpty(l.SearchUserDN),
			Autocomplete: "off",
		},
		password,
	}}
	if l.PasswordSet {
		password.Hint = "There is one. Leave this empty to keep it. It is forgotten when the directory or who " +
			"searches change."
		f.Fields = append(f.Fields, &page.Field{Name: "forgetPassword", Label: "Forget the password", Type: "checkbox"})
	}
	f.Fields = append(f.Fields,
		&page.Field{
			Name: "userSearchBase", Label: "Where the users are", Hint: "Such as ou=people,dc=example,dc=com.",
			Value: page.OrEmpty(l.UserSearchBase), Autocomplete: "off",
		},
		&page.Field{
			Name: "userSearchFilter", Label: "How a user is found",
			Hint: "A filter, with {{login}} for the name that was typed.", Value: page.OrEmpty(l.UserSearchFilter),
			Autocomplete: "off",
		},
	)
	if err := h.addGroups(q, f, access.EntityLDAPConfiguration, l.AllowedGroups); err != nil {
		return nil, err
	}
	p := newPanel(q, "Directory", access.EntityLDAPConfiguration, true, f)
	p.Text = append(p.Text, groupsText(q, l.AllowedGroups)...)
	return []panel{p}, nil
}

func (h *handler) changeDirectory(q *page.Request) error {
	return h.changeSettings(q, directorySection, func(f *page.Form) (string, error) {
		stored, err := h.service.LDAPConfiguration(q.Context(), q.Caller)
		if err != nil {
			return "", err
		}
		_, err = h.service.UpdateLDAPConfiguration(q.Context(), q.Caller, settings.LDAPUpdate{
			Enabled: checkbox(q, f, "enabled"), URL: clearableText(q, "url"),
			SearchUserDN:       clearableText(q, "searchUserDN"),
			SearchUserPassword: newSecret(q, "searchUserPassword"), UserSearchBase: clearableText(q, "userSearchBase"),
			UserSearchFilter: clearableText(q, "userSearchFilter"),
			AllowedGroups:    sentGroups(q, f, stored.AllowedGroups),
		})
		return q.Tr(saved), err
	})
}

// maxShownGroups is the number of groups that a form shows. A form can't change the groups after
// them; saving keeps them.
const maxShownGroups = 100

// groupsText returns the text that is shown above the form with the groups whose members may sign
// in.
func groupsText(q *page.Request, groups []account.AllowedGroup) []string {
	text := []string{q.Tr(keptForLater)}
	if len(groups) >= maxShownGroups {
		text = append(text, q.Tr("At most 100 groups are shown. More are added and changed by the API; those that "+
			"are not shown stay as they are."))
	}
	return text
}

// addGroups adds form fields for each group whose members may sign in. If the caller may add a
// group, it also adds empty fields for one more.
//
// A submitted group with an empty name is dropped before it reaches package service. The groups
// after it move up by one, so addGroups gives their fields the JSON pointers with the lower index.
func (h *handler) addGroups(q *page.Request, f *page.Form, entity access.Entity, groups []account.AllowedGroup) error {
	roles, err := h.roleOptions(q)
	if err != nil {
		return err
	}
	shown := slices.Clip(groups[:min(len(groups), maxShownGroups)])
	if len(shown) < maxShownGroups && q.May(access.ActionEdit, entity) && q.RequireAdministrator() == nil {
		shown = append(shown, account.AllowedGroup{})
	}
	sent := q.URL.Path == f.Action && q.PostForm.Has(groupName(0))
	index := 0
	for i, g := range shown {
		path := fmt.Sprintf("/allowedGroups/%d", index)
		f.Fields = append(f.Fields,
			&page.Field{
				Name: groupName(i), Path: path + "/name", Label: "Group whose members may sign in",
				Hint: "Leave the name empty for none.", Value: g.Name, Autocomplete: "off",
			},
			&page.Field{
				Name: groupName(i) + "-roles", Path: path + "/defaultRoleIds", Label: "Roles that its members get",
				Type: "checkboxes", Options: selectRoles(q, roles, g.DefaultRoleIDs),
			},
		)
		if !sent || q.Value(groupName(i)) != "" {
			index++
		} else {
			f.Fields[len(f.Fields)-2].Path, f.Fields[len(f.Fields)-1].Path = "-", "-"
		}
	}
	return nil
}

// sentGroups returns the submitted groups, followed by the stored groups that the form doesn't
// show. A group that is stored already keeps its profile.
func sentGroups(q *page.Request, f *page.Form, stored []account.AllowedGroup) *[]account.AllowedGroup {
	if !q.PostForm.Has(groupName(0)) {
		return nil
	}
	groups := []account.AllowedGroup{}
	for i := 0; f.Field(groupName(i)).Name != "" && q.PostForm.Has(groupName(i)); i++ {
		g := account.AllowedGroup{
			Name: q.Value(groupName(i)), DefaultRoleIDs: *ids(q, groupName(i)+"-roles"), DefaultProfileID: 1,
		}
		for _, before := range stored {
			if strings.TrimSpace(before.Name) == g.Name {
				g.DefaultProfileID = before.DefaultProfileID
			}
		}
		if g.Name != "" {
			groups = append(groups, g)
		}
	}
	groups = append(groups, stored[min(len(stored), maxShownGroups):]...)
	return &groups
}

func groupName(i int) string { return fmt.Sprintf("group-%d", i) }
