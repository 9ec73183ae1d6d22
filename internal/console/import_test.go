package console_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// upload sends the form of a page with a file of users in it; without a name there is
// none.
func (b *browser) upload(path, name, text string, form url.Values) answer {
	b.t.Helper()
	if name == "" {
		return b.attach(path, form, "", "", nil)
	}
	return b.attach(path, form, "file", name, []byte(text))
}

const goodUsers = `name,surname,email,department,active,password
Ada,Lovelace,ada@example.net,Engines,true,Correct-horse-7
Bob,,bob@example.net,,true,
Cy,,cy@example.net,,false,
`

// imported returns the active and the other users with addresses of example.net.
func (s *site) imported() (active, others []string) {
	s.t.Helper()
	must(0, s.ListUsers(s.t.Context(), s.principal(adminEmail), func(u account.User) error {
		switch {
		case !strings.HasSuffix(u.Email, "@example.net"):
		case u.Active:
			active = append(active, u.Email)
		default:
			others = append(others, u.Email)
		}
		return nil
	}))
	return active, others
}

func (s *site) wantImported(want string) {
	s.t.Helper()
	active, others := s.imported()
	if got := fmt.Sprint(active, others); got != want {
		s.t.Errorf("the imported users are %s, want %s", got, want)
	}
}

var uploadID = regexp.MustCompile(`name="upload" value="([^"]+)"`)

// begin presses the button below what the import will do.
func (b *browser) begin() answer {
	b.t.Helper()
	page := b.get("/users/import/check")
	id := uploadID.FindStringSubmatch(page.body)
	if id == nil {
		b.t.Fatalf("there is nothing to import: %d\n%s", page.StatusCode, page.body)
	}
	return b.post("/users/import/begin", url.Values{"upload": {id[1]}})
}

// outcome returns the page of an import once it is over.
func (b *browser) outcome(path string) answer {
	b.t.Helper()
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); {
		if page := b.get(path); page.Header.Get("Refresh") == "" {
			return page
		}
	}
	b.t.Fatalf("the import does not end: %s", b.log)
	return answer{}
}

func TestImport(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.get("/users/import").want(t, 200, "at most 10 MiB and 10,000 users", "usher users import", "password_hash", "/users/import/sample.csv")
	if a := b.upload("/users/import", "users.csv", goodUsers, nil); a.StatusCode != 303 || a.Header.Get("Location") != "/users/import/check" {
		t.Fatalf("a good file: %d\n%s", a.StatusCode, a.body)
	}
	page := b.get("/users/import/check")
	page.want(t, 200, "3 users will be created.", "users.csv", "ada@example.net", "Ada Lovelace", "Engines",
		"Active, with the password of the file", "Active, invited by mail to choose a password", "Not active: cannot sign in", "Roles of each:", "Import 3 users")
	if strings.Contains(page.body, "Correct-horse-7") {
		t.Error("the page has a password")
	}
	s.wantImported("[] []")
	b.get("/users/import").want(t, 200, "“users.csv” was checked and waits")

	moved := b.begin()
	if moved.StatusCode != 303 {
		t.Fatalf("%d\n%s", moved.StatusCode, moved.body)
	}
	b.outcome(moved.Header.Get("Location")).want(t, 200, "3 users were imported.", "users.csv")
	s.wantImported("[ada@example.net bob@example.net] [cy@example.net]")
	if _, err := s.SignIn(t.Context(), "ada@example.net", secret.New("Correct-horse-7"), account.Origin{ClientNetwork: "192.0.2.9"}); err != nil {
		t.Errorf("who was imported cannot sign in: %v", err)
	}
	b.get(moved.Header.Get("Location")).want(t, 200, "3 users were imported.")
	if a := b.get("/users/import/check"); a.StatusCode != 303 {
		t.Errorf("the file is still there: %d", a.StatusCode)
	}
}

// The name of a file is kept with it, so a long one is cut.
func TestImportCutsNames(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	name := strings.Repeat("é", 100_000)
	shown := "“" + strings.Repeat("é", 127) + "”" // 255 bytes have half a letter more
	b.upload("/users/import", name+".csv", goodUsers, nil).want(t, 303)
	b.get("/users/import").want(t, 200, shown)
	if a := b.upload("/users/import", name+".csv", "x", nil); len(a.body) > 20_000 {
		t.Errorf("the page has %d bytes", len(a.body))
	}
}

// The button imports the file that its page showed, once.
func TestImportIsOfWhatWasSeen(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.upload("/users/import", "first.csv", goodUsers, nil)
	seen := uploadID.FindStringSubmatch(b.get("/users/import/check").body)[1]
	b.upload("/users/import", "second.csv", "name,email\nEve,eve@example.net\n", nil)
	b.post("/users/import/begin", url.Values{"upload": {seen}}).want(t, 409, "The file is no longer here")
	b.post("/users/import/begin", nil).want(t, 409, "The file is no longer here")
	other := s.as(adminEmail)
	if a := other.get("/users/import/check"); a.StatusCode != 303 {
		t.Errorf("another session sees the file: %d", a.StatusCode)
	}
	second := uploadID.FindStringSubmatch(b.get("/users/import/check").body)[1]
	other.post("/users/import/begin", url.Values{"upload": {second}}).want(t, 409)
	s.wantImported("[] []")
	b.outcome(b.begin().Header.Get("Location")).want(t, 200, "One user was imported.")
	b.post("/users/import/begin", url.Values{"upload": {second}}).want(t, 409)
	s.wantImported("[] [eve@example.net]")
}

// overtaken is a store in which an import ends right behind the reading of it by whose
// context says how.
type overtaken struct{ account.Store }

type endsKey struct{}

// Import reads an import as it was before it ended.
func (o overtaken) Import(ctx context.Context, id int64) (account.Import, error) {
	i, err := o.Store.Import(ctx, id)
	if ends, ok := ctx.Value(endsKey{}).(func()); ok {
		ends()
	}
	return i, err
}

// scarce is random of which there is none while somebody holds it: passwords are not hashed
// meanwhile.
type scarce struct{ sync.Mutex }

func (g *scarce) Read(p []byte) (int, error) {
	g.Lock()
	defer g.Unlock()
	return rand.Read(p)
}

// An import that ends while its page is made is not shown as one that nobody runs.
func TestImportEndsWhileItIsShown(t *testing.T) {
	hashing := &scarce{}
	s := newSite(t, func(o *service.Options) {
		o.Store = overtaken{o.Store}
		o.Passwords = must(passhash.New(passhash.Params{Memory: 64, Passes: 1, Threads: 1}, 8, hashing))
	})
	b, other := s.as(adminEmail), s.as(adminEmail)
	b.upload("/users/import", "users.csv", goodUsers, nil)
	hashing.Lock()
	path := b.begin().Header.Get("Location")
	b.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), endsKey{}, func() {
			hashing.Unlock()
			other.outcome(path)
		})))
	})
	if page := b.get(path); strings.Contains(page.body, "does not run the import") {
		t.Errorf("an import that has ended is shown as one that nobody runs:\n%s", page.body)
	}
	other.get(path).want(t, 200, "3 users were imported.")
}

func TestImportIsDiscarded(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.upload("/users/import", "users.csv", goodUsers, nil)
	b.follow("/users/import/discard", nil).want(t, 200, "Nothing was created.")
	if a := b.get("/users/import/check"); a.StatusCode != 303 {
		t.Errorf("the file is still there: %d", a.StatusCode)
	}
}

// What is wrong with a file stands beside its rows, and nothing of it is kept.
func TestImportShowsFaults(t *testing.T) {
	const header = "name,email,password,active\n"
	tests := []struct {
		name, file, text string
		says             []string
	}{
		{"rows", "users.csv", header + ",ada@example.net,short,maybe\nBob,bob@example.net,,true\nCy,nowhere,,\n",
			[]string{"2 rows have to be mended.", "<code>name</code>: Is needed.", "<code>active</code>: Must be true or false.", "<code>password</code>: Must have at least 12", "<code>email</code>: Is not an e-mail address.", "Rows without faults", "bob@example.net"}},
		{"addresses", "users.csv", header + "A,new@example.net,,\nB,NEW@example.net,,\nC," + adminEmail + ",,\n",
			[]string{"2 rows have to be mended.", "Is the same address as that of row 1.", "Is the address of another user."}},
		{"JSON", "users.json", `[{"name":"Ada","email":1}]`, []string{"One row has to be mended.", "Must be a string."}},
		{"the whole", "users.csv", "name;email\nAda;ada@example.net\n", []string{"Line 1: The columns must be separated by commas, not semicolons."}},
		{"nobody", "users.csv", header, []string{"The file has no users."}},
		{"cut", "users.json", `[{"name":"Ada","email":"ada@example.net"},`, []string{"Line 1: Is where the file ends too early", "ada@example.net"}},
	}
	s := newSite(t)
	b := s.as(adminEmail)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := b.upload("/users/import", test.file, test.text, nil)
			a.want(t, 422, append(test.says, "Nothing was created.")...)
			if uploadID.MatchString(a.body) {
				t.Error("the file can be imported")
			}
			if a := b.get("/users/import/check"); a.StatusCode != 303 {
				t.Errorf("the file was kept: %d", a.StatusCode)
			}
			s.wantImported("[] []")
		})
	}
}

func TestImportShowsSomeRowsOfMany(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	var text strings.Builder
	text.WriteString("name,email\n")
	for i := range 150 {
		fmt.Fprintf(&text, "U,user%d@example.net\n", i)
	}
	b.upload("/users/import", "users.csv", text.String(), nil)
	page := b.get("/users/import/check")
	page.want(t, 200, "150 users will be created.", "50 more rows are not shown.", "user99@example.net")
	if strings.Contains(page.body, "user100@example.net") {
		t.Error("more than 100 rows are shown")
	}
	for range 250 {
		text.WriteString("U,nowhere\n")
	}
	page = b.upload("/users/import", "users.csv", text.String(), nil)
	page.want(t, 422, "250 rows have to be mended.", "50 more rows have faults.", "50 more rows are not shown.")
	if got := strings.Count(page.body, "Is not an e-mail address."); got != 200 {
		t.Errorf("%d rows with faults are shown", got)
	}
}

// However much is wrong with a file, its page is short.
func TestImportShowsSomeFaultsOfMany(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	var unknown strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&unknown, `,"%x":0`, i)
	}
	for name, text := range map[string]string{
		"users.csv":  strings.Repeat(",", 200_000),
		"users.json": `[{"name":1,"email":1,"surname":1,"department":1,"biography":1,"password":1,"password_hash":1,"active":1` + unknown.String() + "}]",
	} {
		a := b.upload("/users/import", name, text, nil)
		a.want(t, 422, "Nothing was created.", "There are more faults.")
		if len(a.body) > 20_000 {
			t.Errorf("%s: the page has %d bytes", name, len(a.body))
		}
	}
}

func TestImportRefusesFiles(t *testing.T) {
	tests := []struct {
		name, file, text string
		format           string
		status           int
		says             string
	}{
		{"no file", "", "", "", 422, "Choose a file."},
		{"a name that does not tell", "users.txt", goodUsers, "", 422, "Choose CSV or JSON."},
		{"a form that there is not", "users.csv", goodUsers, "xml", 422, "Choose CSV or JSON."},
		{"another form than its name tells", "users.csv", goodUsers, "json", 422, "Is not JSON"},
		{"a form that is given", "users.txt", goodUsers, "csv", 303, ""},
		{"as many rows as there may be", "users.csv", rowsOf(10_000), "", 303, ""},
		{"a row too many", "users.csv", rowsOf(10_001), "", 422, "more than 10,000 users"},
		{"a quote that is not closed", "users.csv", "name,email\nA,\"" + strings.Repeat("x", 2<<20), "", 422, "Is a quote not closed?"},
		{"too large", "users.csv", strings.Repeat("x", 11<<20), "", 413, "larger than 10 MiB"},
	}
	s := newSite(t)
	b := s.as(adminEmail)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.upload("/users/import", test.file, test.text, url.Values{"format": {test.format}}).want(t, test.status, test.says)
		})
	}
	s.wantImported("[] []")
}

func rowsOf(n int) string {
	var text strings.Builder
	text.WriteString("name,email\n")
	for i := range n {
		fmt.Fprintf(&text, "U,user%d@example.net\n", i)
	}
	return text.String()
}

// An address that was taken after the check undoes the import, and the page says which.
func TestImportIsUndoneByAFault(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.upload("/users/import", "users.csv", rowsOf(130), nil)
	s.user("user120@example.net") // in the second batch: the first is there already
	path := b.begin().Header.Get("Location")
	b.outcome(path).want(t, 200, "The import was undone.", "One fault came up since the file was checked.", "122", "Is the address of another user.")
	s.wantImported("[user120@example.net] []")
}

// An import that its server left is undone by its importer; nobody else sees it.
func TestImportThatWasLeft(t *testing.T) {
	s := newSite(t)
	admin := s.principal(adminEmail)
	i := must(s.BeginImport(t.Context(), admin, false))
	if _, faults, err := s.AddImportRows(t.Context(), admin, i.ID, 1, []account.ImportUser{{Name: "Ada", Email: "ada@example.net", Active: true}}); err != nil || faults != nil {
		t.Fatal(faults, err)
	}
	path := fmt.Sprintf("/users/import/progress?import=%d", i.ID)
	b := s.as(adminEmail)
	b.get(path).want(t, 200, "One user was created so far.", "This server does not run the import.", "Undo the import")
	number := func() url.Values { return url.Values{"import": {fmt.Sprint(i.ID)}} }
	b.post("/users/import/finish", number()).want(t, 303) // rows may be missing, so it does nothing
	s.wantImported("[] [ada@example.net]")
	b.follow("/users/import/undo", number()).want(t, 200, "The import was undone.")
	s.wantImported("[] []")
	b.get("/users/import/progress?import=99").want(t, 404)
	b.get("/users/import/progress").want(t, 404)
	b.post("/users/import/undo", nil).want(t, 404)

	maker := s.newRole("Maker", draftCreateUsers)
	s.user("maker@example.org", maker.ID)
	b = s.as("maker@example.org")
	b.get(path).want(t, 404)
	b.post("/users/import/undo", number()).want(t, 404)
}

// beforeEmails is a store that does something before addresses are looked for.
type beforeEmails struct {
	account.Store
	do func()
}

func (s beforeEmails) TakenEmails(ctx context.Context, keys []account.EmailKey) ([]account.EmailKey, error) {
	s.do()
	return s.Store.TakenEmails(ctx, keys)
}

// Who loses the right to import while he does cannot undo it either. An administrator
// is told that it stopped, and undoes it.
func TestImportOfWhoLosesTheRight(t *testing.T) {
	var s *site
	var revoke func()
	looks := 0
	s = newSite(t, func(o *service.Options) {
		o.Store = beforeEmails{o.Store, func() {
			if looks++; looks == 3 { // after the check of the file, and the first rows
				revoke()
			}
		}}
	})
	admin := s.principal(adminEmail)
	maker := s.user("maker@example.org", s.newRole("Maker", draftCreateUsers).ID)
	revoke = func() { must(s.SetUserRoles(t.Context(), admin, maker.ID, []int64{2})) }
	b := s.as("maker@example.org")
	b.upload("/users/import", "users.csv", rowsOf(130), nil)
	looks = 1
	path := b.begin().Header.Get("Location")
	page := s.as(adminEmail)
	page.outcome(path).want(t, 200, "100 users were created so far.", "The import has stopped", "Undo the import")
	b.get(path).want(t, 403)
	_, number, _ := strings.Cut(path, "=")
	page.follow("/users/import/undo", url.Values{"import": {number}}).want(t, 200, "The import was undone.")
	s.wantImported("[] []")
}

// In French nobody is one, as far as the grammar goes.
func TestImportOfNobodyInFrench(t *testing.T) {
	s := newSite(t)
	admin := s.principal(adminEmail)
	b := s.as(adminEmail)
	b.agent = http.Header{"Accept-Language": {"fr"}}
	undone, finished := must(s.BeginImport(t.Context(), admin, false)), must(s.BeginImport(t.Context(), admin, false))
	must(s.FinishImport(t.Context(), admin, finished.ID))
	for id, says := range map[int64]string{undone.ID: "0 utilisateur créé jusqu’ici.", finished.ID: "0 utilisateur importé."} {
		b.get(fmt.Sprintf("/users/import/progress?import=%d", id)).want(t, 200, says)
	}
}

// unread is a body of which nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, errors.New("not for you")
}

func TestImportNeedsPermission(t *testing.T) {
	s := newSite(t)
	s.user("nobody@example.org")
	b := s.as("nobody@example.org")
	for _, path := range []string{"/users/import", "/users/import/check", "/users/import/sample.csv", "/users/import/progress?import=1"} {
		b.get(path).want(t, 403, "You may not do this")
	}
	r := httptest.NewRequest(http.MethodPost, "/users/import", unread{t})
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	b.do(r).want(t, 403)
	for _, path := range []string{"/users/import/begin", "/users/import/discard", "/users/import/undo", "/users/import/finish"} {
		b.post(path, nil).want(t, 403)
	}
}

// The file to begin with has every column that the page names, and no fault.
func TestSampleIsGood(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	sample := b.get("/users/import/sample.csv")
	sample.want(t, 200)
	if got := sample.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("Content-Disposition: %q", got)
	}
	header, _, _ := strings.Cut(sample.body, "\n")
	page := b.get("/users/import")
	for column := range strings.SplitSeq(header, ",") {
		page.want(t, 200, "<dt><code>"+column+"</code></dt>")
	}
	if got, want := strings.Count(page.body, "<dt>"), strings.Count(header, ",")+1; got != want {
		t.Errorf("the page names %d columns, the sample has %d", got, want)
	}
	file := must(userfile.NewReader(strings.NewReader(sample.body), userfile.CSV))
	for {
		_, faults, err := file.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || faults != nil {
			t.Fatal(faults, err)
		}
	}
	b.get("/users/import")
	if a := b.upload("/users/import", "users.csv", sample.body, nil); a.StatusCode != 303 {
		t.Errorf("the sample is refused: %d\n%s", a.StatusCode, a.body)
	}
}
