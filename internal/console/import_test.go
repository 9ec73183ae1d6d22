package console_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Areas import the toolkit, which is page and appearance, and never each other. The toolkit
// imports no area.
func TestAreasAreIndependent(t *testing.T) {
	const module = "github.com/seed-3a99a2fe/usher/internal/console"
	toolkit := map[string]bool{module + "/page": true, module + "/appearance": true}
	names, err := filepath.Glob("*/*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no areas: %v", err)
	}
	for _, name := range names {
		area := filepath.Dir(name)
		if area == "consoletest" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(path, module) && !toolkit[path] {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
