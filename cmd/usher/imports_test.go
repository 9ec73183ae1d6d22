package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestImports checks the direction of imports: cmd/usher composes server and cli, which don't know each other, and the
// packages below know neither. Of the packages of cli, only lookup imports account, to compare addresses and names.
func TestImports(t *testing.T) {
	const internal = "github.com/seed-3a99a2fe/usher/internal/"
	for _, rule := range []struct {
		dir       string   // with its subdirectories
		forbidden []string // packages below internal, with their subpackages
		except    string   // a subdirectory of dir
	}{
		{dir: "cli", forbidden: []string{"server"}},
		{dir: "cli", forbidden: []string{"account", "sqlstore", "httpapi", "console"}, except: "lookup"},
		{dir: "server", forbidden: []string{"cli"}},
		{dir: "command", forbidden: []string{"cli", "server", "datadir", "sqlstore"}},
		{dir: "datadir", forbidden: []string{"cli", "server", "sqlstore"}},
		{dir: "privatefile", forbidden: []string{"cli", "server", "command", "datadir", "account"}},
	} {
		root := filepath.Join("..", "..", "internal", rule.dir)
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && entry.Name() == rule.except {
				return filepath.SkipDir
			}
			if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				for _, forbidden := range rule.forbidden {
					if strings.HasPrefix(imported+"/", internal+forbidden+"/") {
						t.Errorf("%s imports %s", path, imported)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
