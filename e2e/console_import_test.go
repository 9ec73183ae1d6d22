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
		b.check("import")
		b.uploadImport("users.txt", "name,email\n")
		b.want("Choose CSV or JSON.")
		b.check("import-refused")
		b.uploadImport("users.csv", "name,email,active,password\n"+
			"Ada,"+adminEmail+",true,\nBob,nowhere,perhaps,short\nCy,cy@example.net,true,\n")
		b.want("2 rows have to be mended.", "Is the address of another user.", "Is not an e-mail address.")
		b.check("import-faults")
		b.visit("/users/import")
		b.uploadImport("users.csv", "name,surname,email,department,active,password\n"+
			"Ada,Lovelace,ada@example.net,Engines,true,Correct-horse-7\n"+
			"Bob,,bob@example.net,,true,\nCy,,cy@example.net,,false,\n")
		b.want("3 users will be created.")
		b.check("import-check")
		b.press("Import 3 users")
		const imported = "3 users were imported."
		deadline := time.Now().Add(defaultTimeout)
		for !strings.Contains(b.text(), imported) && time.Now().Before(deadline) {
			b.visit(b.address())
		}
		b.want(imported)
		b.check("import-done")
	})
}

// uploadImport uploads a file with the name and the text on the import form.
func (b *browser) uploadImport(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.run("choose "+name, chromedp.SetUploadFiles(chromedp.CSS("main [name=file]"), []string{path}))
	b.press("Check the file")
}
