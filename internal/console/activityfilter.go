package console

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// activityForm is the filter of the activity log, as it was typed. Its parameters have
// the names of the API.
type activityForm struct {
	Who, From, To, Number *field
	Actions               []actionGroup
	Kinds                 []option

	asked url.Values // the action and the kind, also those that are not offered
}

// actionGroup are the actions with one noun.
type actionGroup struct {
	Label   string
	Options []option
}

// loggedActions are all actions, by their nouns.
var loggedActions = []struct {
	noun    string
	label   locale.Phrase
	actions []account.Action
}{
	{"session", "Sign-in", []account.Action{account.ActionSignIn, account.ActionSignInFailed, account.ActionSessionEnd}},
	{"user", "Users", []account.Action{
		account.ActionUserCreate, account.ActionUserUpdate, account.ActionUserRoles, account.ActionUserDelete, account.ActionUserInvite,
	}},
	{"password", "Passwords", []account.Action{account.ActionPasswordChange, account.ActionPasswordReset, account.ActionPasswordRecover}},
	{"api-key", "API keys", []account.Action{account.ActionKeyCreate, account.ActionKeyRead, account.ActionKeyEnd}},
	{"role", "Roles", []account.Action{account.ActionRoleCreate, account.ActionRoleUpdate, account.ActionRolePermissions, account.ActionRoleDelete}},
	{"settings", "Settings", []account.Action{account.ActionSettingsUpdate, account.ActionSettingsTest, account.ActionSettingsRenew}},
	{"preferences", "Preferences", []account.Action{account.ActionPreferencesUpdate}},
	{"import", "Imports", []account.Action{account.ActionImportBegin, account.ActionImportFinish, account.ActionImportUndo}},
}

// readActivityFilter reads the filter that an address of a page has. What cannot be
// understood is marked in the form, and then the filter is of no use.
func (q *request) readActivityFilter(query url.Values) (activityForm, account.ActivityFilter, error) {
	typed := func(name string) *field { return &field{Name: name, Value: strings.TrimSpace(query.Get(name))} }
	f := activityForm{Who: typed("actor"), From: typed("from"), To: typed("to"), Number: typed("targetId"), asked: url.Values{}}
	for _, name := range []string{"action", "targetKind"} {
		if value := query.Get(name); value != "" {
			f.asked.Set(name, value)
		}
	}
	filter := account.ActivityFilter{Action: query.Get("action"), TargetKind: access.Entity(query.Get("targetKind"))}
	for _, of := range loggedActions {
		all := of.noun + ".*"
		group := actionGroup{q.say(of.label), []option{{Value: all, Text: q.say("%s: all", q.say(of.label)), Selected: all == filter.Action}}}
		for _, a := range of.actions {
			group.Options = append(group.Options, option{Value: string(a), Text: q.activityPhrase(a), Selected: string(a) == filter.Action})
		}
		f.Actions = append(f.Actions, group)
	}
	for _, k := range kindsOfThings {
		f.Kinds = append(f.Kinds, option{Value: string(k.kind), Text: q.say(k.label), Selected: k.kind == filter.TargetKind})
	}
	var err error
	if filter.ActorID, err = q.whoIs(f.Who); err != nil {
		return f, filter, err
	}
	if text := f.Number.Value; text != "" {
		if filter.TargetID, err = strconv.ParseInt(text, 10, 64); err != nil || filter.TargetID < 1 {
			f.Number.Faults = append(f.Number.Faults, q.say("Must be a number, such as 7."))
		}
	}
	filter.From, filter.To = q.day(f.From, 0), q.day(f.To, 1)
	if !filter.From.IsZero() && !filter.To.IsZero() && !filter.From.Before(filter.To) {
		f.To.Faults = append(f.To.Faults, q.say("Must not be before the first day."))
	}
	return f, filter, nil
}

// whoIs is the id of who was named by his id or address; 0 for nobody. Who is gone can
// be named by his id alone.
func (q *request) whoIs(f *field) (int64, error) {
	if f.Value == "" {
		return 0, nil
	}
	if id, err := strconv.ParseInt(f.Value, 10, 64); err == nil && id > 0 {
		return id, nil
	}
	if key, ok := account.ParseEmail(f.Value); ok {
		if own, _ := account.ParseEmail(q.caller.User.Email); own == key {
			return q.caller.User.ID, nil
		}
		found, err := q.accounts.UserByEmail(q.Context(), q.caller, f.Value)
		if err == nil {
			return found.ID, nil
		}
		if code := account.ErrorCode(err); code != account.CodeForbidden && code != account.CodeNotFound {
			return 0, err
		}
	}
	f.Faults = append(f.Faults, q.say("There is no user with this address. Who was deleted can be found by his number."))
	return 0, nil
}

// day is the first moment of a day that was typed, in the reader's zone, or of one so
// many days after it; zero where none was.
func (q *request) day(f *field, after int) time.Time {
	if f.Value == "" {
		return time.Time{}
	}
	date, err := time.Parse(time.DateOnly, f.Value)
	if err != nil || date.Year() < 1970 {
		f.Faults = append(f.Faults, q.say("Must be a date, such as 2027-03-01."))
		return time.Time{}
	}
	return startOfDay(date.AddDate(0, 0, after), q.look.zone)
}

func (f activityForm) fields() []*field { return []*field{f.Who, f.From, f.To, f.Number} }

// Bad reports whether something in it could not be understood.
func (f activityForm) Bad() bool {
	for _, field := range f.fields() {
		if len(field.Faults) > 0 {
			return true
		}
	}
	return false
}

// query is what an address needs to have the same filter.
func (f activityForm) query() url.Values {
	query := maps.Clone(f.asked)
	for _, field := range f.fields() {
		if field.Value != "" {
			query.Set(field.Name, field.Value)
		}
	}
	return query
}
