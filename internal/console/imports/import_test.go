package imports_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// imported returns the active and the inactive users whose addresses are at example.net.
func imported(s *consoletest.Site) (active, others []string) {
	s.T.Helper()
	consoletest.Must(0, s.ListUsers(s.T.Context(), s.Principal(consoletest.AdminEmail), func(u account.User) error {
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

func wantImported(s *consoletest.Site, want string) {
	s.T.Helper()
	active, others := imported(s)
	if got := fmt.Sprint(active, others); got != want {
		s.T.Errorf("the imported users are %s, want %s", got, want)
	}
}

var uploadID = regexp.MustCompile(`name="upload" value="([^"]+)"`)

// begin sends the confirmation form, which starts the import.
func begin(b *consoletest.Browser) consoletest.Answer {
	b.T.Helper()
	view := b.Get("/users/import/check")
	id := uploadID.FindStringSubmatch(view.Body)
	if id == nil {
		b.T.Fatalf("there is nothing to import: %d\n%s", view.StatusCode, view.Body)
	}
	return b.Post("/users/import/begin", url.Values{"upload": {id[1]}})
}

// outcome polls the progress page until the import has ended, and returns that page.
func outcome(b *consoletest.Browser, path string) consoletest.Answer {
	b.T.Helper()
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); {
		if view := b.Get(path); view.Header.Get("Refresh") == "" {
			return view
		}
	}
	b.T.Fatalf("the import does not complete: %s", b.Log)
	return consoletest.Answer{}
}

func TestImport(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/users/import").Want(t, 200, "at most 10 MiB and 10,000 users", "usher users import", "password_hash",
		"/users/import/sample.csv")
	if a := b.Upload("/users/import", "users.csv", consoletest.UsersFile, nil); a.StatusCode != 303 ||
		a.Header.Get("Location") != "/users/import/check" {
		t.Fatalf("a valid file: %d\n%s", a.StatusCode, a.Body)
	}
	view := b.Get("/users/import/check")
	view.Want(t, 200, "3 users will be created.", "users.csv", "ada@example.net", "Ada Lovelace", "Engines",
		"Active, with the password of the file", "Active, invited by mail to choose a password", "Not active: cannot sign in",
		"Roles of each:", "Import 3 users")
	if strings.Contains(view.Body, "Correct-horse-7") {
		t.Error("the page has a password")
	}
	wantImported(s, "[] []")
	b.Get("/users/import").Want(t, 200, "“users.csv” was checked and waits")

	moved := begin(b)
	if moved.StatusCode != 303 {
		t.Fatalf("%d\n%s", moved.StatusCode, moved.Body)
	}
	outcome(b, moved.Header.Get("Location")).Want(t, 200, "3 users were imported.", "users.csv")
	wantImported(s, "[ada@example.net bob@example.net] [cy@example.net]")
	if _, err := s.SignIn(t.Context(), "ada@example.net", secret.New("Correct-horse-7"),
		account.Origin{ClientNetwork: "192.0.2.9"}); err != nil {
		t.Errorf("an imported user can't sign in: %v", err)
	}
	b.Get(moved.Header.Get("Location")).Want(t, 200, "3 users were imported.")
	if a := b.Get("/users/import/check"); a.StatusCode != 303 {
		t.Errorf("the file is still there: %d", a.StatusCode)
	}
}

// TestImportTruncatesFileNames uploads a file with a long name. The server stores the name with the
// file, so it limits the length of the name.
func TestImportTruncatesFileNames(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	name := strings.Repeat("é", 100_000)
	shown := "“" + strings.Repeat("é", 127) + "”" // 254 bytes; the limit of 255 would cut the next é in half
	b.Upload("/users/import", name+".csv", consoletest.UsersFile, nil).Want(t, 303)
	b.Get("/users/import").Want(t, 200, shown)
	if a := b.Upload("/users/import", name+".csv", "x", nil); len(a.Body) > 20_000 {
		t.Errorf("the page has %d bytes", len(a.Body))
	}
}

// TestImportConfirmsShownFile checks that a confirmation imports the file that its page showed, and
// imports it only once.
func TestImportConfirmsShownFile(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Upload("/users/import", "first.csv", consoletest.UsersFile, nil)
	seen := uploadID.FindStringSubmatch(b.Get("/users/import/check").Body)[1]
	b.Upload("/users/import", "second.csv", "name,email\nEve,eve@example.net\n", nil)
	b.Post("/users/import/begin", url.Values{"upload": {seen}}).Want(t, 409, "The file is no longer here")
	b.Post("/users/import/begin", nil).Want(t, 409, "The file is no longer here")
	other := s.SignedInAs(consoletest.AdminEmail)
	if a := other.Get("/users/import/check"); a.StatusCode != 303 {
		t.Errorf("another session sees the file: %d", a.StatusCode)
	}
	second := uploadID.FindStringSubmatch(b.Get("/users/import/check").Body)[1]
	other.Post("/users/import/begin", url.Values{"upload": {second}}).Want(t, 409)
	wantImported(s, "[] []")
	outcome(b, begin(b).Header.Get("Location")).Want(t, 200, "One user was imported.")
	b.Post("/users/import/begin", url.Values{"upload": {second}}).Want(t, 409)
	wantImported(s, "[] [eve@example.net]")
}

func TestImportIsDiscarded(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Upload("/users/import", "users.csv", consoletest.UsersFile, nil)
	b.Follow("/users/import/discard", nil).Want(t, 200, "Nothing was created.")
	if a := b.Get("/users/import/check"); a.StatusCode != 303 {
		t.Errorf("the file is still there: %d", a.StatusCode)
	}
}

// TestImportShowsFaults checks that the page shows each fault next to its row, and that the file is
// discarded.
func TestImportShowsFaults(t *testing.T) {
	const header = "name,email,password,active\n"
	tests := []struct {
		name, file, text string
		says             []string
	}{
		{"rows", "users.csv", header + ",ada@example.net,short,maybe\nBob,bob@example.net,,true\nCy,nowhere,,\n",
			[]string{
				"2 rows have to be mended.", "<code>name</code>: Is needed.",
				"<code>active</code>: Must be true or false.", "<code>password</code>: Must have at least 12",
				"<code>email</code>: Is not an e-mail address.", "Rows without faults", "bob@example.net",
			}},
		{"addresses", "users.csv",
			header + "A,new@example.net,,\nB,NEW@example.net,,\nC," + consoletest.AdminEmail + ",,\n",
			[]string{
				"2 rows have to be mended.", "Is the same address as that of row 1.",
				"Is the address of another user.",
			}},
		{"JSON", "users.json", `[{"name":"Ada","email":1}]`, []string{"One row has to be mended.",
			"Must be a string."}},
		{"the whole", "users.csv", "name;email\nAda;ada@example.net\n", []string{"Line 1: The columns must be " +
			"separated by commas, not semicolons."}},
		{"nobody", "users.csv", header, []string{"The file has no users."}},
		{"cut", "users.json", `[{"name":"Ada","email":"ada@example.net"},`, []string{
			"Line 1: Is where the file ends too early", "ada@example.net",
		}},
	}
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := b.Upload("/users/import", test.file, test.text, nil)
			a.Want(t, 422, append(test.says, "Nothing was created.")...)
			if uploadID.MatchString(a.Body) {
				t.Error("the file can be imported")
			}
			if a := b.Get("/users/import/check"); a.StatusCode != 303 {
				t.Errorf("the file was kept: %d", a.StatusCode)
			}
			wantImported(s, "[] []")
		})
	}
}

func TestImportLimitsShownRows(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	var text strings.Builder
	text.WriteString("name,email\n")
	for i := range 150 {
		fmt.Fprintf(&text, "U,user%d@example.net\n", i)
	}
	b.Upload("/users/import", "users.csv", text.String(), nil)
	view := b.Get("/users/import/check")
	view.Want(t, 200, "150 users will be created.", "50 more rows are not shown.", "user99@example.net")
	if strings.Contains(view.Body, "user100@example.net") {
		t.Error("more than 100 rows are shown")
	}
	for range 250 {
		text.WriteString("U,nowhere\n")
	}
	view = b.Upload("/users/import", "users.csv", text.String(), nil)
	view.Want(t, 422, "250 rows have to be mended.", "50 more rows have faults.", "50 more rows are not shown.")
	if got := strings.Count(view.Body, "Is not an e-mail address."); got != 200 {
		t.Errorf("%d rows with faults are shown", got)
	}
}

// TestImportLimitsShownFaults checks that the page stays short even if a file has very many faults.
func TestImportLimitsShownFaults(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	var unknown strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&unknown, `,"%x":0`, i)
	}
	for name, text := range map[string]string{
		"users.csv": strings.Repeat(",", 200_000),
		"users.json": `[{"name":1,"email":1,"surname":1,"department":1,"biography":1,"password":1,` +
			`"password_hash":1,"active":1` + unknown.String() + "}]",
	} {
		a := b.Upload("/users/import", name, text, nil)
		a.Want(t, 422, "Nothing was created.", "There are more faults.")
		if len(a.Body) > 20_000 {
			t.Errorf("%s: the page has %d bytes", name, len(a.Body))
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
		{"a name that does not tell", "users.txt", consoletest.UsersFile, "", 422, "Choose CSV or JSON."},
		{"a form that there is not", "users.csv", consoletest.UsersFile, "xml", 422, "Choose CSV or JSON."},
		{"another form than its name tells", "users.csv", consoletest.UsersFile, "json", 422, "Is not JSON"},
		{"a form that is given", "users.txt", consoletest.UsersFile, "csv", 303, ""},
		{"as many rows as there may be", "users.csv", rowsOf(10_000), "", 303, ""},
		{"a row too many", "users.csv", rowsOf(10_001), "", 422, "more than 10,000 users"},
		{"a quote that is not closed", "users.csv", "name,email\nA,\"" + strings.Repeat("x", 2<<20), "", 422,
			"Is a quote not closed?"},
		{"too large", "users.csv", strings.Repeat("x", 11<<20), "", 413, "larger than 10 MiB"},
	}
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.Upload("/users/import", test.file, test.text, url.Values{"format": {test.format}}).Want(t, test.status,
				test.says)
		})
	}
	wantImported(s, "[] []")
}

func rowsOf(n int) string {
	var text strings.Builder
	text.WriteString("name,email\n")
	for i := range n {
		fmt.Fprintf(&text, "U,user%d@example.net\n", i)
	}
	return text.String()
}

// TestImportOfZeroUsersInFrench checks a plural form: French uses the singular for zero.
func TestImportOfZeroUsersInFrench(t *testing.T) {
	s := consoletest.New(t)
	admin := s.Principal(consoletest.AdminEmail)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Header = http.Header{"Accept-Language": {"fr"}}
	undone := consoletest.Must(s.BeginImport(t.Context(), admin, false))
	finished := consoletest.Must(s.BeginImport(t.Context(), admin, false))
	consoletest.Must(s.FinishImport(t.Context(), admin, finished.ID))
	for id, says := range map[int64]string{
		undone.ID: "0 utilisateur créé jusqu’ici.", finished.ID: "0 utilisateur importé.",
	} {
		b.Get(fmt.Sprintf("/users/import/progress?import=%d", id)).Want(t, 200, says)
	}
}

func TestImportNeedsPermission(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("nobody@example.org")
	b := s.SignedInAs("nobody@example.org")
	for _, path := range []string{
		"/users/import", "/users/import/check", "/users/import/sample.csv", "/users/import/progress?import=1",
	} {
		b.Get(path).Want(t, 403, "You may not do this")
	}
	r := httptest.NewRequest(http.MethodPost, "/users/import", consoletest.UnreadBody{T: t})
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	b.Do(r).Want(t, 403)
	for _, path := range []string{
		"/users/import/begin", "/users/import/discard", "/users/import/undo", "/users/import/finish",
	} {
		b.Post(path, nil).Want(t, 403)
	}
}

// TestSampleIsValid uploads the sample file. It has every column that the page lists, and no fault.
func TestSampleIsValid(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	sample := b.Get("/users/import/sample.csv")
	sample.Want(t, 200)
	if got := sample.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("Content-Disposition: %q", got)
	}
	header, _, _ := strings.Cut(sample.Body, "\n")
	view := b.Get("/users/import")
	for column := range strings.SplitSeq(header, ",") {
		view.Want(t, 200, "<dt><code>"+column+"</code></dt>")
	}
	if got, want := strings.Count(view.Body, "<dt>"), strings.Count(header, ",")+1; got != want {
		t.Errorf("the page names %d columns, the sample has %d", got, want)
	}
	file := consoletest.Must(userfile.NewReader(strings.NewReader(sample.Body), userfile.CSV))
	for {
		_, faults, err := file.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || faults != nil {
			t.Fatal(faults, err)
		}
	}
	b.Get("/users/import")
	if a := b.Upload("/users/import", "users.csv", sample.Body, nil); a.StatusCode != 303 {
		t.Errorf("the sample is refused: %d\n%s", a.StatusCode, a.Body)
	}
}
