package console_test

import (
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// TestEveryPhraseIsTranslated checks that each language translates every phrase of the pages with
// the same format verbs, and that it has no unused phrase.
func TestEveryPhraseIsTranslated(t *testing.T) {
	found := map[locale.Phrase]bool{}
	phrasesOfTemplates(t, found)
	phrasesOfCode(t, found)
	if len(found) < 50 {
		t.Fatalf("only %d phrases were found: %v", len(found), found)
	}
	for _, l := range locale.Languages[1:] {
		for _, p := range slices.Sorted(maps.Keys(found)) {
			if !l.Has(p) {
				t.Errorf("%s has no %q", l.Tag, p)
			}
		}
	}
	for file, translations := range languageFiles(t) {
		for p, texts := range translations {
			if !found[p] && !strings.HasSuffix(file, "rules.json") {
				t.Errorf("%s: no page uses %q", file, p)
			}
			for _, text := range texts {
				if got, want := verbs(text), verbs(string(p)); !slices.Equal(got, want) && !(len(texts) > 1 &&
					len(got) < len(want)) {
					t.Errorf("%s: %q has the verbs %q, %q has %q", file, text, got, p, want)
				}
			}
		}
	}
}

var verb = regexp.MustCompile(`%(\[\d\])?[.0-9]*[a-z%]`)

func verbs(text string) []string { return slices.Sorted(slices.Values(verb.FindAllString(text, -1))) }

// languageFiles returns, for each language file, its phrases with the translation in every plural
// form.
func languageFiles(t *testing.T) map[string]map[locale.Phrase][]string {
	names, err := filepath.Glob("../locale/*/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no languages: %v", err)
	}
	files := map[string]map[locale.Phrase][]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var raw map[locale.Phrase]any
		if err := json.Unmarshal(text, &raw); err != nil {
			t.Fatal(err)
		}
		files[name] = map[locale.Phrase][]string{}
		for p, value := range raw {
			switch value := value.(type) {
			case string:
				files[name][p] = []string{value}
			case map[string]any:
				for _, form := range value {
					files[name][p] = append(files[name][p], form.(string))
				}
			}
		}
	}
	return files
}

// phrasesOfTemplates adds to found every phrase that a template passes to its function t.
func phrasesOfTemplates(t *testing.T, found map[locale.Phrase]bool) {
	names, err := filepath.Glob("page/templates/*.html")
	if err != nil || len(names) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		root, trees := parse.New(name), map[string]*parse.Tree{}
		root.Mode = parse.SkipFuncCheck
		if _, err := root.Parse(string(text), "", "", trees); err != nil {
			t.Fatal(err)
		}
		for _, tree := range trees {
			walk(tree.Root, func(p string) { found[locale.Phrase(p)] = true })
		}
	}
}

// walk visits the nodes of a parsed template below node. It calls found with each constant text
// that is the first argument of the function t.
func walk(node parse.Node, found func(string)) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				walk(child, found)
			}
		}
	case *parse.ActionNode:
		walk(n.Pipe, found)
	case *parse.TemplateNode:
		walk(n.Pipe, found)
	case *parse.IfNode:
		walkBranch(&n.BranchNode, found)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, found)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, found)
	case *parse.PipeNode:
		if n != nil {
			for _, command := range n.Cmds {
				walk(command, found)
			}
		}
	case *parse.CommandNode:
		if name, ok := n.Args[0].(*parse.IdentifierNode); ok && name.Ident == "t" && len(n.Args) > 1 {
			if text, ok := n.Args[1].(*parse.StringNode); ok {
				found(text.Text)
			}
		}
		for _, argument := range n.Args {
			walk(argument, found)
		}
	}
}

func walkBranch(n *parse.BranchNode, found func(string)) {
	walk(n.Pipe, found)
	walk(n.List, found)
	walk(n.ElseList, found)
}

// phrasesOfCode adds to found every constant of type locale.Phrase in the packages of the console.
func phrasesOfCode(t *testing.T, found map[locale.Phrase]bool) {
	list, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(list)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[name] = file
	}
	files := token.NewFileSet()
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	config := types.Config{Importer: importer.ForCompiler(files, "gc", lookup)}
	for _, dir := range packageDirs(t) {
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		if _, err := config.Check(dir, files, parseDir(t, files, dir), info); err != nil {
			t.Fatal(err)
		}
		for _, of := range info.Types {
			if of.Value != nil && of.Type.String() == "github.com/seed-3a99a2fe/usher/internal/locale.Phrase" {
				if p := constant.StringVal(of.Value); p != "" {
					found[locale.Phrase(p)] = true
				}
			}
		}
	}
}

// packageDirs returns the directories of the console's packages, except for consoletest.
func packageDirs(t *testing.T) []string {
	names, err := filepath.Glob("*/*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no packages: %v", err)
	}
	dirs := []string{"."}
	for _, name := range names {
		if dir := filepath.Dir(name); dir != "consoletest" {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// parseDir parses the Go files in dir that are not tests.
func parseDir(t *testing.T, files *token.FileSet, dir string) (parsed []*ast.File) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
	}
	return parsed
}
