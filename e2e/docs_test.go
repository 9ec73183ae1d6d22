package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName     = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z][A-Za-z0-9]+\b`)
	testFunc     = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z][A-Za-z0-9]+)\(`)
	relativeLink = regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)
	skippedPaths = regexp.MustCompile(`(^|/)(\.[a-z]+|clients|testdata|assets)(/|$)`)
)

// TestDocsNameExistingTests checks that docs/security.md names only existing tests.
func TestDocsNameExistingTests(t *testing.T) {
	t.Parallel()
	existing := map[string]bool{}
	eachFile(t, "_test.go", func(_, text string) {
		for _, m := range testFunc.FindAllStringSubmatch(text, -1) {
			existing[m[1]] = true
		}
	})
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	names := testName.FindAllString(string(text), -1)
	if len(names) < 20 {
		t.Errorf("docs/security.md names only %d tests", len(names))
	}
	for _, name := range names {
		if !existing[name] {
			t.Errorf("docs/security.md names %s, which does not exist", name)
		}
	}
}

// TestDocsLinks checks that relative links between Markdown files lead to existing files.
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	eachFile(t, ".md", func(path, text string) {
		for _, m := range relativeLink.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s, which does not exist", path, m[1])
			}
		}
	})
}

// eachFile calls f with the path and the text of every project file whose name ends with suffix.
func eachFile(t *testing.T, suffix string, f func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, _ := filepath.Rel("..", path)
		if relative != "." && skippedPaths.MatchString(relative) {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if d.IsDir() || !strings.HasSuffix(path, suffix) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f(path, string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
