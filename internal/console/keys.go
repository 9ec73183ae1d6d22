package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const keysPath = "/profile/keys"

var createKey = permission{access.ActionCreate, access.EntityAPIKey}

// keyRoutes are about the caller's own keys. The text of a key is in the answer to the
// form that asked for it and nowhere else: in no address, and on no page that can be
// opened again.
var keyRoutes = []route{
	{pattern: "GET " + keysPath, page: (*request).showKeys},
	{pattern: "POST " + keysPath, page: (*request).makeKey, may: createKey},
	{pattern: "GET " + keysPath + "/{id}/end", page: (*request).askEndKey},
	{pattern: "POST " + keysPath + "/{id}/end", page: (*request).endKey},
	{pattern: "POST " + keysPath + "/contract/show", page: (*request).showContractKey},
	{pattern: "GET " + keysPath + "/contract/renew", page: (*request).askRenewContractKey, may: createKey},
	{pattern: "POST " + keysPath + "/contract/renew", page: (*request).renewContractKey, may: createKey},
}

// keysPage is what templates/keys.html shows.
type keysPage struct {
	Form     *form      // for a new named key; nil: the caller may make none
	Contract *ownKeyRow // nil: there is none yet
	Named    []ownKeyRow
	MayRead  bool
	MayEnd   bool
}

// ownKeyRow is a key as it is shown.
type ownKeyRow struct {
	ID                         int64
	Name, Hint                 string
	Scope                      string // what it may do, in words
	Permissions                string // the same exactly; "": all that its owner may
	Created, LastUsed, Expires time.Time
	Expired                    bool
}

// keyLives are how long a named key may live, in days. The first is what is chosen.
var keyLives = []struct {
	days int
	name locale.Phrase
}{{90, "90 days"}, {7, "A week"}, {30, "30 days"}, {365, "A year"}, {3650, "10 years"}}

func (q *request) keyForm() *form {
	life := &field{Name: "expiresInDays", Label: "Ends after", Type: "select", Hint: "A short life is safer: a key that was forgotten ends by itself."}
	for i, l := range keyLives {
		life.Options = append(life.Options, option{Value: strconv.Itoa(l.days), Text: q.say(l.name), Selected: i == 0})
	}
	return &form{Action: keysPath, Submit: "Make a key", Token: q.FormToken(), Fields: []*field{
		{Name: "name", Label: "Name", Required: true, Hint: "What it is for: “backup script”."},
		life,
		{Name: "readOnly", Label: "It may only read", Type: "checkbox", Hint: "Otherwise it may do all that you may, but for sessions, keys and passwords."},
	}}
}

// keys is the page as it is before anything is typed.
func (q *request) keys() (page keysPage, err error) {
	page.MayRead = q.mayOwn(access.ActionRead, access.EntityAPIKey)
	page.MayEnd = q.mayOwn(access.ActionDelete, access.EntityAPIKey)
	if q.mayOwn(access.ActionCreate, access.EntityAPIKey) {
		page.Form = q.keyForm()
	}
	if !page.MayRead {
		return page, nil
	}
	keys, err := q.accounts.ListKeys(q.Context(), q.caller, q.caller.User.ID)
	if err != nil {
		return page, err
	}
	for _, key := range slices.Backward(keys) { // the newest first
		row := q.ownKeyRow(key)
		if key.Kind == account.APIKeyContract {
			page.Contract = &row
		} else {
			page.Named = append(page.Named, row)
		}
	}
	return page, nil
}

func (q *request) ownKeyRow(key account.APIKey) ownKeyRow {
	row := ownKeyRow{
		ID: key.ID, Name: key.Name, Hint: key.Hint, Scope: q.say("All that you may"),
		Created: q.local(key.Created), LastUsed: q.local(key.LastUsed), Expires: q.local(key.Expires),
		Expired: key.Expired(q.accounts.Now()),
	}
	if key.Permissions != nil {
		row.Scope = q.say("A part of what you may")
		if !slices.ContainsFunc(key.Permissions, func(p access.Permission) bool { return p.Action != access.ActionRead }) {
			row.Scope = q.say("Reading only")
		}
		var all []string
		for _, p := range key.Permissions {
			all = append(all, p.String())
		}
		row.Permissions = strings.Join(all, ", ")
	}
	return row
}

func (q *request) showKeys() error {
	page, err := q.keys()
	if err != nil {
		return err
	}
	return q.show("keys.html", "API keys", page)
}

// makeKey makes a named key, and shows its text once.
func (q *request) makeKey() error {
	days, err := strconv.Atoi(q.value("expiresInDays"))
	if err != nil || days < 1 || days > int(apikey.MaxKeyLifetime/(24*time.Hour)) {
		days = keyLives[0].days // the list has no other; whoever sends one gets what is chosen
	}
	text, key, err := q.accounts.CreateKey(q.Context(), q.caller, apikey.NewAPIKey{
		Name: q.value("name"), Lifetime: time.Duration(days) * 24 * time.Hour, ReadOnly: q.PostForm.Has("readOnly"),
	})
	if err == nil {
		return q.showSecret(text, q.say("The key “%s” was made", key.Name),
			"This is shown once. Keep it where the program that needs it keeps its secrets.")
	}
	page, readErr := q.keys()
	if readErr != nil || page.Form == nil {
		return err
	}
	q.form(page.Form)
	status := q.refuse(page.Form, err)
	if status == 0 {
		return err
	}
	return q.showStatus(status, "keys.html", q.say("API keys"), page)
}

// secretPage is what templates/secret.html shows.
type secretPage struct {
	Text   string
	Advice locale.Phrase
	Back   string
}

// showSecret answers with the text of a key.
func (q *request) showSecret(text secret.Text, title string, advice locale.Phrase) error {
	return q.showStatus(http.StatusOK, "secret.html", title, secretPage{text.Reveal(), advice, keysPath})
}

// ownKey is the key of the caller's that the path names.
func (q *request) ownKey() (account.APIKey, error) {
	id, err := q.id("id")
	if err != nil {
		return account.APIKey{}, err
	}
	keys, err := q.accounts.ListKeys(q.Context(), q.caller, q.caller.User.ID)
	if err != nil {
		return account.APIKey{}, err
	}
	for _, key := range keys {
		if key.ID == id {
			return key, nil
		}
	}
	return account.APIKey{}, account.NotFound()
}

// question is what templates/question.html asks before something that cannot be undone.
type question struct {
	Text string
	Form *form
}

func (q *request) askEndKey() error {
	key, err := q.ownKey()
	if err != nil {
		return err
	}
	text := q.say("Whatever uses the key “%s” (…%s) will be refused at once. This cannot be undone.", key.Name, key.Hint)
	if key.Kind == account.APIKeyContract {
		text = q.say("Whatever uses your key of the contract (…%s) will be refused at once. This cannot be undone.", key.Hint)
	}
	return q.show("question.html", "End the key", question{text, q.form(&form{
		Action: q.URL.Path, Submit: "End the key", Cancel: keysPath, Danger: true,
	})})
}

func (q *request) endKey() error {
	key, err := q.ownKey()
	if err != nil {
		return err
	}
	if err := q.accounts.EndKey(q.Context(), q.caller, key.ID); err != nil {
		return err
	}
	return q.done(keysPath, "The key has ended.")
}

// showContractKey is a form, so that the key stays in no history of a browser, and so
// that no other site can have it shown.
func (q *request) showContractKey() error {
	text, err := q.accounts.ContractKey(q.Context(), q.caller)
	if err != nil {
		return err
	}
	return q.showSecret(text, q.say("Your key of the contract"), "Whoever has it may do all that you may. Do not leave the page open.")
}

func (q *request) askRenewContractKey() error {
	return q.show("question.html", "Make a new key of the contract", question{
		q.say("There is one at a time: whatever uses the one that you have now will be refused at once, until it has the new one."),
		q.form(&form{Action: q.URL.Path, Submit: "Make a new key", Cancel: keysPath, Danger: true}),
	})
}

func (q *request) renewContractKey() error {
	text, err := q.accounts.RenewContractKey(q.Context(), q.caller)
	if err != nil {
		return err
	}
	return q.showSecret(text, q.say("Your new key of the contract"), "Whoever has it may do all that you may. You can have it shown again.")
}
