package activity

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// filterForm holds the filter of the log as the user typed it. The query parameters have the same
// names as in the API.
type filterForm struct {
	Actor, From, To, Number *page.Field
	Actions                 []actionGroup
	Kinds                   []page.Option

	selected url.Values // values of action and targetKind, including those that the form does not offer
}

// actionGroup is a group of options in the form: the actions with the same noun, such as
// user.create and user.delete.
type actionGroup struct {
	Label   string
	Options []page.Option
}

// loggedActions lists all actions of the log, grouped by noun: the part of their name before the
// dot.
var loggedActions = []struct {
	noun    string
	label   locale.Phrase
	actions []account.Action
}{
	{"session", "Sign-in", []account.Action{
		account.ActionSignIn, account.ActionSignInFailed, account.ActionSessionEnd,
	}},
	{"read", "Refused reads", []account.Action{account.ActionReadRefused}},
	{"user", "Users", []account.Action{
		account.ActionUserCreate, account.ActionUserUpdate, account.ActionUserRoles,
		account.ActionUserDelete, account.ActionUserInvite,
	}},
	{"password", "Passwords", []account.Action{
		account.ActionPasswordChange, account.ActionPasswordReset, account.ActionPasswordRecover,
	}},
	{"api-key", "API keys", []account.Action{account.ActionKeyCreate, account.ActionKeyRead, account.ActionKeyEnd}},
	{"role", "Roles", []account.Action{
		account.ActionRoleCreate, account.ActionRoleUpdate, account.ActionRolePermissions, account.ActionRoleDelete,
	}},
	{"settings", "Settings", []account.Action{
		account.ActionSettingsUpdate, account.ActionSettingsTest, account.ActionSettingsRenew,
	}},
	{"server-key", "Server key", []account.Action{account.ActionServerKeyRotate, account.ActionServerKeyRetire}},
	{"preferences", "Preferences", []account.Action{account.ActionPreferencesUpdate}},
	{"import", "Imports", []account.Action{
		account.ActionImportBegin, account.ActionImportFinish, account.ActionImportUndo,
	}},
}

// readFilter reads the filter from the query of a page. If a value is invalid, readFilter marks its
// field in the form. The caller must then not use the returned account.ActivityFilter.
func (h *handler) readFilter(q *page.Request, query url.Values) (filterForm, account.ActivityFilter, error) {
	typed := func(name string) *page.Field {
		return &page.Field{Name: name, Value: strings.TrimSpace(query.Get(name))}
	}
	f := filterForm{
		Actor: typed("actor"), From: typed("from"), To: typed("to"), Number: typed("targetId"), selected: url.Values{},
	}
	for _, name := range []string{"action", "targetKind"} {
		if value := query.Get(name); value != "" {
			f.selected.Set(name, value)
		}
	}
	filter := account.ActivityFilter{Action: query.Get("action"), TargetKind: access.Entity(query.Get("targetKind"))}
	for _, of := range loggedActions {
		all := of.noun + ".*"
		group := actionGroup{q.Tr(of.label), []page.Option{{
			Value: all, Text: q.Tr("%s: all", q.Tr(of.label)), Selected: all == filter.Action,
		}}}
		for _, a := range of.actions {
			group.Options = append(group.Options, page.Option{
				Value: string(a), Text: q.TrAction(a), Selected: string(a) == filter.Action,
			})
		}
		f.Actions = append(f.Actions, group)
	}
	for _, k := range targetKinds {
		f.Kinds = append(f.Kinds, page.Option{
			Value: string(k.kind), Text: q.Tr(k.label), Selected: k.kind == filter.TargetKind,
		})
	}
	var err error
	if filter.ActorID, err = h.actorID(q, f.Actor); err != nil {
		return f, filter, err
	}
	if text := f.Number.Value; text != "" {
		if filter.TargetID, err = strconv.ParseInt(text, 10, 64); err != nil || filter.TargetID < 1 {
			f.Number.Faults = append(f.Number.Faults, q.Tr("Must be a number, such as 7."))
		}
	}
	filter.From, filter.To = day(q, f.From, 0), day(q, f.To, 1)
	if !filter.From.IsZero() && !filter.To.IsZero() && !filter.From.Before(filter.To) {
		f.To.Faults = append(f.To.Faults, q.Tr("Must not be before the first day."))
	}
	return f, filter, nil
}

// actorID returns the id of the user whose id or e-mail address was typed into f, or 0 if f is
// empty. A deleted user is found by id only.
func (h *handler) actorID(q *page.Request, f *page.Field) (int64, error) {
	if f.Value == "" {
		return 0, nil
	}
	if id, err := strconv.ParseInt(f.Value, 10, 64); err == nil && id > 0 {
		return id, nil
	}
	if key, ok := account.ParseEmail(f.Value); ok {
		if own, _ := account.ParseEmail(q.Caller.User.Email); own == key {
			return q.Caller.User.ID, nil
		}
		found, err := h.service.UserByEmail(q.Context(), q.Caller, f.Value)
		if err == nil {
			return found.ID, nil
		}
		if code := account.ErrorCode(err); code != account.CodeForbidden && code != account.CodeNotFound {
			return 0, err
		}
	}
	f.Faults = append(f.Faults, q.Tr("There is no user with this address. Who was deleted can be found by his number."))
	return 0, nil
}

// day returns the start of the day that was typed into f, in the time zone of the page, plus shift
// days. It returns the zero time if f is empty.
func day(q *page.Request, f *page.Field, shift int) time.Time {
	if f.Value == "" {
		return time.Time{}
	}
	date, err := time.Parse(time.DateOnly, f.Value)
	if err != nil || date.Year() < 1970 {
		f.Faults = append(f.Faults, q.Tr("Must be a date, such as 2027-03-01."))
		return time.Time{}
	}
	return startOfDay(date.AddDate(0, 0, shift), q.Zone)
}

func (f filterForm) fields() []*page.Field { return []*page.Field{f.Actor, f.From, f.To, f.Number} }

// Bad reports whether any field has an invalid value.
func (f filterForm) Bad() bool {
	for _, field := range f.fields() {
		if len(field.Faults) > 0 {
			return true
		}
	}
	return false
}

// query returns the filter as query parameters.
func (f filterForm) query() url.Values {
	query := maps.Clone(f.selected)
	for _, field := range f.fields() {
		if field.Value != "" {
			query.Set(field.Name, field.Value)
		}
	}
	return query
}
