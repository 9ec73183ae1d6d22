package layout_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// everydayTasks is the number of tasks in the table "Where do I change …?" of
// docs/architecture.md.
const everydayTasks = 10

// TestChangeTable checks that the table in docs/architecture.md names only files that
// exist.
func TestChangeTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "## Where do I change …?\n")
	if !found {
		t.Fatal("docs/architecture.md has no section \"Where do I change …?\"")
	}
	section, _, _ = strings.Cut(section, "\n#")
	path := regexp.MustCompile("`([^`]+)`")
	tasks := 0
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 2 || strings.HasPrefix(cells[0], " task") || strings.HasPrefix(cells[0], " ---") {
			continue
		}
		tasks++
		files := path.FindAllStringSubmatch(cells[1], -1)
		if len(files) == 0 {
			t.Errorf("the task%snames no file", cells[0])
		}
		for _, file := range files {
			if _, err := os.Stat(filepath.Join("../..", file[1])); err != nil {
				t.Errorf("the task%snames %s, which does not exist", cells[0], file[1])
			}
		}
	}
	if tasks != everydayTasks {
		t.Errorf("the table has %d tasks, want %d", tasks, everydayTasks)
	}
}
