package imports

import (
	"encoding/csv"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// columnMeanings explain columns by name. Any other column is just optional.
var columnMeanings = map[string]locale.Phrase{
	"name":          "Needed.",
	"email":         "Needed: the address to sign in with.",
	"active":        "true or false. Without it a user cannot sign in.",
	"password":      "Without one, an active user is invited by mail to choose it.",
	"password_hash": "A password of another system instead: argon2id, bcrypt, or Django’s pbkdf2_sha256.",
}

// columnHelp describes a column of a file.
type columnHelp struct {
	Name    string
	Meaning locale.Phrase // "": optional
}

// columnHelps describes every column that a file may have, the required ones first.
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

// sampleUsers are the values of the users of the sample file by column.
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

// sampleImport answers a CSV file with every column that a file may have.
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
	_ = csv.NewWriter(q.Writer).WriteAll(records) // fails only if the client is gone
	return nil
}
