package imports

import (
	"encoding/csv"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// columnMeanings maps the name of a column to its explanation. A column that is missing here is
// explained as optional.
var columnMeanings = map[string]locale.Phrase{
	"name":          "Needed.",
	"email":         "Needed: the address to sign in with.",
	"active":        "true or false. Without it a user cannot sign in.",
	"password":      "Without one, an active user is invited by mail to choose it.",
	"password_hash": "A password of another system instead: argon2id, bcrypt, or Django’s pbkdf2_sha256.",
}

// columnHelp describes one column of a file of users.
type columnHelp struct {
	Name    string
	Meaning locale.Phrase // "": shown as optional
}

// columnHelps describes every column that a file may have. Required columns come first.
func columnHelps() []columnHelp {
	var required, optional []columnHelp
	for _, c := range userfile.Columns() {
		help := columnHelp{Name: c.Name, Meaning: columnMeanings[c.Name]}
		if c.Required {
			required = append(required, help)
		} else {
			optional = append(optional, help)
		}
	}
	return slices.Concat(required, optional)
}

// sampleUsers has the users of the sample file. Each map has the value of each column by its name.
var sampleUsers = []map[string]string{
	{
		"name": "Ada", "surname": "Lovelace", "email": "ada@example.com", "department": "Engines",
		"active": "true", "password": "Correct-horse-7",
	},
	{"name": "Charles", "surname": "Babbage", "email": "charles@example.com", "active": "true"},
	{
		"name": "Grace", "surname": "Hopper", "email": "grace@example.com", "department": "Compilers",
		"biography": "Found a moth, and kept it.", "active": "false",
	},
}

// sampleImport sends a sample CSV file that has every possible column.
func sampleImport(q *page.Request) error {
	records := make([][]string, 1+len(sampleUsers)) // the header, then the users
	for _, c := range userfile.Columns() {
		records[0] = append(records[0], c.Name)
		for i, u := range sampleUsers {
			records[i+1] = append(records[i+1], u[c.Name])
		}
	}
	q.Writer.Header().Set("Content-Type", "text/csv; charset=utf-8")
	q.Writer.Header().Set("Content-Disposition", `attachment; filename="users.csv"`)
	_ = csv.NewWriter(q.Writer).WriteAll(records) // fails only if the client has disconnected
	return nil
}
