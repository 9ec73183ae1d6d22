package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestConsoleImport(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		b.signIn(adminEmail, adminPassword)
		b.visit("/users/import")
		b.want("What is in it", "password_hash")
		b.look("import")
		b.choose("users.txt", "name,email\n")
		b.want("Choose CSV or JSON.")
		b.look("import-refused")
		b.choose("users.csv", "name,email,active,password\nAda,"+adminEmail+",true,\nBob,nowhere,perhaps,short\nCy,cy@example.net,true,\n")
		b.want("2 rows have to be mended.", "Is the address of another user.", "Is not an e-mail address.")
		b.look("import-faults")
		b.visit("/users/import")
		b.choose("users.csv", "name,surname,email,department,active,password\nAda,Lovelace,ada@example.net,Engines,true,Correct-horse-7\nBob,,bob@example.net,,true,\nCy,,cy@example.net,,false,\n")
		b.want("3 users will be created.")
		b.look("import-check")
		b.press("Import 3 users")
		for until := time.Now().Add(patience); !strings.Contains(b.text(), "3 users were imported.") && time.Now().Before(until); {
			b.visit(b.address())
		}
		b.want("3 users were imported.")
		b.look("import-done")
	})
}

// choose sends a file with the form of the import.
func (b *browser) choose(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.run("choose "+name, chromedp.SetUploadFiles(chromedp.CSS("main [name=file]"), []string{path}))
	b.press("Check the file")
}
