package profile

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// keysPage is the data of templates/keys.html.
type keysPage struct {
	Form     *page.Form // to create a named key; nil: the caller may not create one
	Contract *keyRow    // nil: the caller has no contract key
	Named    []keyRow
	MayRead  bool
	MayEnd   bool
}

// keyRow is an API key of the caller as the page shows it.
type keyRow struct {
	ID                         int64
	Name, Hint                 string
	Scope                      string // summary of the permissions, translated
	Permissions                string // list of the permissions; "": all permissions of the owner
	Created, LastUsed, Expires time.Time
	Expired                    bool
}

// keyLifetimes are the lifetimes that the form for a new named key offers. The first one is
// preselected.
var keyLifetimes = []struct {
	days int
	name locale.Phrase
}{{90, "90 days"}, {7, "A week"}, {30, "30 days"}, {365, "A year"}, {3650, "10 years"}}

func keyForm(q *page.Request) *page.Form {
	lifetime := &page.Field{
		Name: "expiresInDays", Label: "Ends after", Type: "select",
		Hint: "A short life is safer: a key that was forgotten ends by itself.",
	}
	for i, l := range keyLifetimes {
		lifetime.Options = append(lifetime.Options, page.Option{
			Value: strconv.Itoa(l.days), Text: q.Tr(l.name), Selected: i == 0,
		})
	}
	return &page.Form{Action: keysPath, Submit: "Make a key", Token: q.FormToken(), Fields: []*page.Field{
		{Name: "name", Label: "Name", Required: true, Hint: "What it is for: “backup script”."},
		lifetime,
		{
			Name: "readOnly", Label: "It may only read", Type: "checkbox",
			Hint: "Otherwise it may do all that you may, but for sessions, keys and passwords.",
		},
	}}
}

// newKeysPage returns the data of the page with the caller's keys.
func (h *handler) newKeysPage(q *page.Request) (view keysPage, err error) {
	view.MayRead = q.MayOwn(access.ActionRead, access.EntityAPIKey)
	view.MayEnd = q.MayOwn(access.ActionDelete, access.EntityAPIKey)
	if q.MayOwn(access.ActionCreate, access.EntityAPIKey) {
		view.Form = keyForm(q)
	}
	if !view.MayRead {
		return view, nil
	}
	keys, err := h.service.ListKeys(q.Context(), q.Caller, q.Caller.User.ID)
	if err != nil {
		return view, err
	}
	for _, key := range slices.Backward(keys) { // newest first
		row := h.newKeyRow(q, key)
		if key.Kind == account.APIKeyContract {
			view.Contract = &row
		} else {
			view.Named = append(view.Named, row)
		}
	}
	return view, nil
}

func (h *handler) newKeyRow(q *page.Request, key account.APIKey) keyRow {
	row := keyRow{
		ID: key.ID, Name: key.Name, Hint: key.Hint, Scope: q.Tr("All that you may"),
		Created: q.Local(key.Created), LastUsed: q.Local(key.LastUsed), Expires: q.Local(key.Expires),
		Expired: key.Expired(h.service.Now()),
	}
	if key.Permissions != nil {
		row.Scope = q.Tr("A part of what you may")
		writes := func(p access.Permission) bool { return p.Action != access.ActionRead }
		if !slices.ContainsFunc(key.Permissions, writes) {
			row.Scope = q.Tr("Reading only")
		}
		var all []string
		for _, p := range key.Permissions {
			all = append(all, p.String())
		}
		row.Permissions = strings.Join(all, ", ")
	}
	return row
}

func (h *handler) showKeys(q *page.Request) error {
	view, err := h.newKeysPage(q)
	if err != nil {
		return err
	}
	return q.Show("keys.html", "API keys", view)
}

// createKey creates a named key. Its response is the only page that ever shows the key's text.
func (h *handler) createKey(q *page.Request) error {
	days, err := strconv.Atoi(q.Value("expiresInDays"))
	if err != nil || days < 1 || days > int(apikey.MaxKeyLifetime/(24*time.Hour)) {
		days = keyLifetimes[0].days // the form doesn't offer this value
	}
	text, key, err := h.service.CreateKey(q.Context(), q.Caller, apikey.NewAPIKey{
		Name: q.Value("name"), Lifetime: time.Duration(days) * 24 * time.Hour, ReadOnly: q.PostForm.Has("readOnly"),
	})
	if err == nil {
		return showSecret(q, text, q.Tr("The key “%s” was made", key.Name),
			"This is shown once. Keep it where the program that needs it keeps its secrets.")
	}
	view, readErr := h.newKeysPage(q)
	if readErr != nil || view.Form == nil {
		return err
	}
	q.PrepareForm(view.Form)
	return q.AnswerRefusal(view.Form, err, func(status int) error {
		return q.ShowStatus(status, "keys.html", q.Tr("API keys"), view)
	})
}

// secretPage is the data of templates/secret.html.
type secretPage struct {
	Text   string
	Advice locale.Phrase
	Back   string
}

// showSecret shows the text of a key.
func showSecret(q *page.Request, text secret.Text, title string, advice locale.Phrase) error {
	view := secretPage{Text: text.Reveal(), Advice: advice, Back: keysPath}
	return q.ShowStatus(http.StatusOK, "secret.html", title, view)
}

// ownKey returns the key whose id is in the path, if the caller owns it.
func (h *handler) ownKey(q *page.Request) (account.APIKey, error) {
	id, err := q.PathID("id")
	if err != nil {
		return account.APIKey{}, err
	}
	keys, err := h.service.ListKeys(q.Context(), q.Caller, q.Caller.User.ID)
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

// question is the data of templates/question.html. The page asks for confirmation before a change
// that can't be undone.
type question struct {
	Text string
	Form *page.Form
}

func (h *handler) confirmEndKey(q *page.Request) error {
	key, err := h.ownKey(q)
	if err != nil {
		return err
	}
	text := q.Tr("Whatever uses the key “%s” (…%s) will be refused at once. This cannot be undone.",
		key.Name, key.Hint)
	if key.Kind == account.APIKeyContract {
		text = q.Tr("Whatever uses your key of the contract (…%s) will be refused at once. This cannot be undone.",
			key.Hint)
	}
	return q.Show("question.html", "End the key", question{text, q.PrepareForm(&page.Form{
		Action: q.URL.Path, Submit: "End the key", Cancel: keysPath, Danger: true,
	})})
}

func (h *handler) endKey(q *page.Request) error {
	key, err := h.ownKey(q)
	if err != nil {
		return err
	}
	if err := h.service.EndKey(q.Context(), q.Caller, key.ID); err != nil {
		return err
	}
	return q.RedirectWithFlash(keysPath, "The key has ended.")
}

// showContractKey shows the contract key in the response to a POST. A URL that shows the key would
// stay in the browser history, and another site could link to it.
func (h *handler) showContractKey(q *page.Request) error {
	text, err := h.service.ContractKey(q.Context(), q.Caller)
	if err != nil {
		return err
	}
	return showSecret(q, text, q.Tr("Your key of the contract"),
		"Whoever has it may do all that you may. Do not leave the page open.")
}

func confirmRenewContractKey(q *page.Request) error {
	return q.Show("question.html", "Make a new key of the contract", question{
		q.Tr("There is one at a time: whatever uses the one that you have now will be refused at once, until it " +
			"has the new one."),
		q.PrepareForm(&page.Form{Action: q.URL.Path, Submit: "Make a new key", Cancel: keysPath, Danger: true}),
	})
}

func (h *handler) renewContractKey(q *page.Request) error {
	text, err := h.service.RenewContractKey(q.Context(), q.Caller)
	if err != nil {
		return err
	}
	return showSecret(q, text, q.Tr("Your new key of the contract"),
		"Whoever has it may do all that you may. You can have it shown again.")
}
