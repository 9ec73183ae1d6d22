package userfile_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

const (
	validPassword = "Correct-horse-7"
	bcryptHash    = "$2a$04$bkxuduh4QEpJBMFTfF6NBOxIyK3a9qSJ2tL0k4RYpmtc.29B5aNGy"
)

func TestRead(t *testing.T) {
	ada := userfile.Row{
		Line: 2, User: 1, Profile: account.Profile{Name: "Ada"}, Email: "ada@example.com",
		Password: secret.New(validPassword),
	}
	for _, test := range []struct {
		name   string
		format userfile.Format
		text   string
		want   []userfile.Row
	}{
		{"required columns", userfile.CSV, "name,email,password\nAda,ada@example.com,Correct-horse-7\n", []userfile.Row{ada}},
		{
			"no line feed at the end", userfile.CSV, "name,email,password\nAda,ada@example.com,Correct-horse-7",
			[]userfile.Row{ada},
		},
		{
			"CRLF and byte order mark", userfile.CSV, "\uFEFFPassword, EMAIL ,name\r\nCorrect-horse-7,ada@example.com,Ada\r\n",
			[]userfile.Row{ada},
		},
		{
			"empty values", userfile.CSV, "name,surname,email,password,active\nAda,,ada@example.com,Correct-horse-7,\n",
			[]userfile.Row{ada},
		},
		{"all columns, over several lines", userfile.CSV,
			"name,surname,email,password,department,biography,active\n" +
				"Ada,Lovelace,ada@example.com,Correct-horse-7,Engines,\"first\n\nthird \"\"line\"\"\",TRUE\n\n" +
				"Bob,,bob@example.com,'=Correct-horse-7,'=1+1,,false\n",
			[]userfile.Row{
				{
					Line: 2, User: 1,
					Profile: account.Profile{
						Name: "Ada", Surname: new("Lovelace"), Department: new("Engines"),
						Biography: new("first\n\nthird \"line\""),
					},
					Email: "ada@example.com", Password: secret.New(validPassword),
					Active: true,
				},
				{
					Line: 6, User: 2,
					Profile: account.Profile{Name: "Bob", Department: new("=1+1")},
					Email:   "bob@example.com", Password: secret.New("'=" + validPassword),
				},
			}},
		{"no password, or a hash", userfile.CSV,
			"name,email,password_hash,password\nAda,ada@example.com,,\nBob,bob@example.com," + bcryptHash + ",\n",
			[]userfile.Row{
				{Line: 2, User: 1, Profile: account.Profile{Name: "Ada"}, Email: "ada@example.com"},
				{Line: 3, User: 2, Profile: account.Profile{
					Name: "Bob",
				}, Email: "bob@example.com", PasswordHash: secret.New(bcryptHash)},
			}},
		{
			"JSON", userfile.JSON,
			"[\n {\"name\":\"Ada\",\"email\":\"ada@example.com\",\"password\":\"Correct-horse-7\",\"surname\":null}]",
			[]userfile.Row{ada},
		},
		{"JSON over several lines", userfile.JSON,
			"\uFEFF\n[{\"name\":\"Ada\",\n\"email\":\"ada@example.com\",\"password\":\"Correct-horse-7\"}\n,\n\n" +
				"{\"name\":\"Bob\",\"email\":\"bob@example.com\",\"password\":\"Correct-horse-7\"," +
				"\"surname\":\"\",\"active\":true}]\n",
			[]userfile.Row{
				{Line: 2, User: 1, Profile: account.Profile{
					Name: "Ada",
				}, Email: "ada@example.com", Password: secret.New(validPassword)},
				{
					Line: 6, User: 2,
					Profile: account.Profile{Name: "Bob", Surname: new("")},
					Email:   "bob@example.com", Password: secret.New(validPassword),
					Active: true,
				},
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows, faults, err := readAll(strings.NewReader(test.text), test.format)
			if err != nil || len(faults) > 0 {
				t.Fatalf("faults %v, error %v", faults, err)
			}
			if !reflect.DeepEqual(rows, test.want) {
				t.Errorf("got  %+v\nwant %+v", rows, test.want)
			}
		})
	}
}

func TestReadReportsFaults(t *testing.T) {
	const header = "name,email,password,active\n"
	const columnNames = "name, surname, email, password, password_hash, department, biography, active"
	const adaCSV = "Ada,ada@example.com,Correct-horse-7,true\n"
	const adaJSON = `{"name":"Ada","email":"ada@example.com","password":"Correct-horse-7"}`
	for _, test := range []struct {
		name   string
		format userfile.Format
		text   string
		want   []string // "line user field: message"
	}{
		{"empty CSV", userfile.CSV, "", []string{
			"1 0 : the file is empty; its first line must name the columns: " + columnNames,
		}},
		{"no users", userfile.CSV, header, []string{"1 0 : the file has no users"}},
		{"no users in JSON", userfile.JSON, " [ ]", []string{"1 0 : the file has no users"}},
		{"missing and unknown columns", userfile.CSV, "name,mail,name\n" + adaCSV,
			[]string{"1 0 : column 2 of the header is not one of: " + columnNames,
				"1 0 : the column name is there twice", "1 0 : the column email is missing"}},
		{"semicolons", userfile.CSV, "name;email;password\nAda;ada@example.com;Correct-horse-7\n",
			[]string{"1 0 : the columns must be separated by commas, not semicolons"}},
		{"every invalid row", userfile.CSV, header + ",x,short,yes\n" + adaCSV + "Bob\n" + "Cy,ADA@example.com,,\n",
			[]string{"2 1 active: must be true or false", "2 1 name: is needed", "2 1 email: is not an e-mail address",
				"2 1 password: must have at least 12 characters, a digit, an upper-case letter, and a special character",
				"4 3 : has 1 values, but the header names 4"}},
		{"password and hash", userfile.CSV,
			"email,name,password,password_hash\na@b,A,Correct-horse-7," + bcryptHash +
				"\na@b,A,,5f4dcc3b5aa765d61d8327deb882cf99\n",
			[]string{
				"2 1 password_hash: must be empty where there is a password", "3 2 password_hash: " + account.PasswordHashRule,
			}},
		{
			"lines after quoted ones", userfile.CSV,
			header + "\"A\nd\na\",ada@example.com,Correct-horse-7,true\n\nBob,bob,Correct-horse-7,true\n",
			[]string{"6 2 email: is not an e-mail address"},
		},
		{"bare quote", userfile.CSV, header + adaCSV + "B\"ob,b@example.com,Correct-horse-7,true\n",
			[]string{`3 0 : has a quote (") inside a value that does not begin with one; what follows was not read`}},
		{"open quote", userfile.CSV, header + adaCSV + "\"Bob\n\n", []string{
			`3 0 : has a quoted value that is not ended by a quote ("), or goes on after it; what follows was not read`,
		}},
		{"not UTF-8, NUL", userfile.CSV,
			header + "A\xff,ada@example.com,Correct-horse-7\xff,true\nB\x00,b@example.com,Correct-horse-7\x00,true\n",
			[]string{
				"2 1 name: is not UTF-8", "2 1 password: is not UTF-8", "3 2 name: has a NUL character",
				"3 2 password: has a NUL character",
			}},
		{
			"too long", userfile.CSV, header + strings.Repeat("x", 257) + ",ada@example.com,Correct-horse-7,true\n",
			[]string{"2 1 name: has more than 256 characters"},
		},

		{"empty JSON", userfile.JSON, "\n", []string{"2 0 : is where the file ends too early; what follows was not read"}},
		{"not an array", userfile.JSON, adaJSON, []string{"1 0 : the file must be an array of users: [ {…}, {…} ]"}},
		{"not an object", userfile.JSON, "[\n1,\n" + adaJSON + "]", []string{"2 1 : is not an object: {…}"}},
		{"wrong types", userfile.JSON,
			`[{"name":1,"email":["ada@example.com"],"password":{"a":{}},"active":"true","surname":false,` +
				`"age":3,"b":{"c":4},"d":[]}]`,
			[]string{"1 1 name: must be a string", "1 1 email: must be a string", "1 1 password: must be a string",
				"1 1 active: must be true or false", "1 1 surname: must be a string",
				"1 1 : has a name that is not one of: " + columnNames}},
		{
			"null and absent", userfile.JSON, `[{"name":null,"email":"ada@example.com"}]`,
			[]string{"1 1 name: must be a string"},
		},
		{"several users on one line", userfile.JSON,
			"[" + adaJSON + `,{"name":"","email":"b","password":"Correct-horse-7"},` +
				`{"name":"","email":"ada@EXAMPLE.com","password":"Correct-horse-7"}]`,
			[]string{"1 2 name: is needed", "1 2 email: is not an e-mail address", "1 3 name: is needed"}},
		{"duplicate name", userfile.JSON, "[\n\n{\"name\":\"a\",\n\"name\":\"b\"}]",
			[]string{"4 0 : has a name twice in one object; what follows was not read"}},
		{"truncated", userfile.JSON, "[\n" + adaJSON + ",\n",
			[]string{"3 0 : is where the file ends too early; what follows was not read"}},
		{
			"text after the array", userfile.JSON, "[" + adaJSON + "]\n[]",
			[]string{"2 0 : there is something after the array"},
		},
		{"syntax", userfile.JSON, "[" + adaJSON + ",\n{name:1}]", []string{"2 0 : is not JSON; what follows was not read"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, faults, err := readAll(strings.NewReader(test.text), test.format)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range faults {
				got = append(got, fmt.Sprintf("%d %d %s: %s", f.Line, f.User, f.Field, f.Message))
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// A header may have a million columns. Only the first wrong columns get a fault each.
func TestHeaderFaultsAreLimited(t *testing.T) {
	_, faults, err := readAll(strings.NewReader("name"+strings.Repeat(",name,x", 500)), userfile.CSV)
	if err != nil || len(faults) != 22 {
		t.Fatalf("%d faults, %v", len(faults), err)
	}
	for i, want := range map[int]string{
		0: "the column name is there twice", 20: "980 more columns of the header are wrong",
		21: "the column email is missing",
	} {
		if got := faults[i].Message; got != want {
			t.Errorf("fault %d: %q, want %q", i, got, want)
		}
	}
}

// TestMemoryDoesNotGrowWithTheFile reads files that are larger than the memory limit of the
// test.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const users = 100_000
	for format, parts := range map[userfile.Format][3]string{
		userfile.CSV: {"name,email,biography\n", "U,u%d@example.com,%s\n", ""},
		userfile.JSON: {
			"[", "{\"name\":\"U\",\"email\":\"u%d@example.com\",\n\"biography\":\"%s\"},\n",
			`{"name":"U","email":"last@example.com"}]`,
		},
	} {
		pipeReader, pipeWriter := io.Pipe()
		go func() {
			out := bufio.NewWriter(pipeWriter)
			fmt.Fprint(out, parts[0])
			for i := range users {
				fmt.Fprintf(out, parts[1], i, strings.Repeat("x", 500))
			}
			fmt.Fprint(out, parts[2])
			_ = pipeWriter.CloseWithError(out.Flush())
		}()
		file, err := userfile.NewReader(pipeReader, format)
		if err != nil {
			t.Fatal(err)
		}
		heap := func() int64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		before, n, last := heap(), 0, 0
		for ; ; n++ {
			row, faults, err := file.Read()
			if err == io.EOF {
				break
			}
			if err != nil || len(faults) > 0 {
				t.Fatalf("%s: faults %v, error %v", format, faults, err)
			}
			if n%20_000 == 0 {
				if grown := heap() - before; grown > 4<<20 {
					t.Fatalf("%s: after %d users the reader uses %d bytes", format, n, grown)
				}
			}
			last = row.Line
		}
		if n < users || last < users {
			t.Errorf("%s: %d users, the last on line %d", format, n, last)
		}
		_ = pipeReader.Close()
	}
}

func TestReadRefuses(t *testing.T) {
	if _, err := userfile.NewReader(strings.NewReader(""), "xml"); err == nil {
		t.Error("an unknown format is accepted")
	}
	for format, begin := range map[userfile.Format]string{
		userfile.CSV: "name,email\nA,a@b\n\"", userfile.JSON: `[{"name":"A","email":"a@b"},{"name":"`,
	} {
		rows, _, err := readAll(io.MultiReader(strings.NewReader(begin), endlessReader{}), format)
		if !errors.Is(err, userfile.ErrTooLong) || len(rows) != 1 {
			t.Errorf("%s: an endless user: %d rows, %v", format, len(rows), err)
		}
		broken := errors.New("the disk failed")
		_, faults, err := readAll(io.MultiReader(strings.NewReader(begin), iotest.ErrReader(broken)), format)
		if !errors.Is(err, broken) || len(faults) > 0 {
			t.Errorf("%s: a read error: faults %v, error %v", format, faults, err)
		}
	}
}

// endlessReader returns text without end.
type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// readAll reads a file to its end, and returns all users and faults.
func readAll(r io.Reader, format userfile.Format) (rows []userfile.Row, faults []userfile.Fault, err error) {
	file, err := userfile.NewReader(r, format)
	if err != nil {
		return nil, nil, err
	}
	for {
		row, more, err := file.Read()
		if err == io.EOF {
			return rows, faults, nil
		}
		if err != nil {
			return rows, faults, err
		}
		faults = append(faults, more...)
		if row.User > 0 {
			rows = append(rows, row)
		}
	}
}

func TestWrite(t *testing.T) {
	rows := []userfile.Row{
		{
			Profile: account.Profile{Name: "Ada", Surname: new("Lovelace"), Biography: new("a, \"b\"\nc")},
			Email:   "ada@example.com", Password: secret.New(validPassword),
			Active: true,
		},
		{Profile: account.Profile{Name: "=HYPERLINK(\"http://evil\")", Department: new("'@x")}, Email: "+b@example.com"},
	}
	for format, want := range map[userfile.Format]string{
		userfile.CSV: `"name","surname","email","department","biography","active"` + "\n" +
			`"Ada","Lovelace","ada@example.com","","a, ""b""` + "\n" + `c","true"` + "\n" +
			`"'=HYPERLINK(""http://evil"")","","'+b@example.com","''@x","","false"` + "\n",
		userfile.JSON: "[\n" +
			`  {"name":"Ada","surname":"Lovelace","email":"ada@example.com","department":null,` +
			`"biography":"a, \"b\"\nc","active":true},` + "\n" +
			`  {"name":"=HYPERLINK(\"http://evil\")","surname":null,"email":"+b@example.com","department":"'@x",` +
			`"biography":null,"active":false}` + "\n]\n",
	} {
		if got := write(t, format, rows); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", format, got, want)
		}
	}
}

func TestWriteNothing(t *testing.T) {
	if got := write(t, userfile.JSON, nil); got != "[\n]\n" {
		t.Errorf("got %q", got)
	}
	if _, err := userfile.NewWriter(&bytes.Buffer{}, "xml"); err == nil {
		t.Error("an unknown format is accepted")
	}
}

// TestFormulasAreQuoted reads an export as spreadsheets do that separate values by other
// characters, and that accept quotes within a value. None of their cells may be a formula.
func TestFormulasAreQuoted(t *testing.T) {
	var rows []userfile.Row
	for _, text := range []string{
		"=1+1", "x;=1+1;y", "x\t=1+1\ty", "x|=1+1|y", "x,=1+1,y", "x\n=1+1\ny", "x\r=1+1", "x; =1+1", "x;\"=1+1\"",
		"x;'=1+1", "x\";=1+1", "\";=1+1;\"", "; ;+1", "x;-1", "x;@SUM(1)", "x;＝1", " \t=1+1", "x;;\"\"=1",
	} {
		rows = append(rows, userfile.Row{
			Profile: account.Profile{Name: text, Surname: &text, Biography: &text}, Email: "a;=1@example.com",
		})
	}
	file := write(t, userfile.CSV, rows)
	for _, separator := range ",;\t|" {
		reader := csv.NewReader(strings.NewReader(file))
		reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = separator, true, -1
		records, err := reader.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range records {
			for _, cell := range record {
				if start := strings.TrimLeft(cell, "\" \t\r\n"); start != "" && strings.ContainsAny(start[:1], "=+-@") {
					t.Errorf("separated by %q, a cell is %q", separator, cell)
				}
			}
		}
	}
	for line := range strings.Lines(file) {
		for _, separator := range []string{",", ";", "\t", "|"} {
			for cell := range strings.SplitSeq(line, separator) { // a program that knows no quotes
				if start := strings.TrimLeft(cell, "\" "); start != "" && strings.ContainsAny(start[:1], "=+-@") {
					t.Errorf("split at %q, a cell is %q", separator, cell)
				}
			}
		}
	}
}

// write returns an export of the rows.
func write(t testing.TB, format userfile.Format, rows []userfile.Row) string {
	t.Helper()
	var out bytes.Buffer
	w, err := userfile.NewWriter(&out, format)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestRoundTrip exports random users and reads them again.
func TestRoundTrip(t *testing.T) {
	// CSV cannot tell "" from a missing value, and it loses a carriage return before a line
	// feed. The generated texts contain neither.
	text := rapid.StringMatching(`['=+\-@a-zé",;| \n\t＝]{1,12}x`)
	rapid.Check(t, func(rt *rapid.T) {
		row := userfile.Row{
			Profile: account.Profile{
				Name: text.Draw(rt, "name"), Surname: rapid.Ptr(text, true).Draw(rt, "surname"),
				Department: rapid.Ptr(text, true).Draw(rt, "department"),
				Biography:  rapid.Ptr(text, true).Draw(rt, "biography"),
			},
			Email:  rapid.StringMatching(`[+=@a-z-]?[a-z]{1,5}@example\.com`).Draw(rt, "email"),
			Active: rapid.Bool().Draw(rt, "active"),
		}
		row.Email = strings.Replace(row.Email, "@", "", strings.Count(row.Email, "@")-1)
		for _, format := range []userfile.Format{userfile.CSV, userfile.JSON} {
			file := write(t, format, []userfile.Row{row})
			want := row
			want.Line, want.User = 2, 1
			rows, faults, err := readAll(strings.NewReader(file), format)
			if err != nil || len(faults) > 0 || len(rows) != 1 || !reflect.DeepEqual(rows[0], want) {
				rt.Errorf("%s: %q was read as %+v (faults %v, error %v)", format, file, rows, faults, err)
			}
		}
	})
}
