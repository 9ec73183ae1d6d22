package console_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// What the rules say to people when they refuse something is said in every language.
// Not all of it can be found in the code, so this does not find a message that nobody
// says any more.
func TestEveryRuleIsTranslated(t *testing.T) {
	var names []string
	for _, dir := range []string{
		"account", "audit", "auth", "settings", "outbox", "recovery", "user", "role", "apikey", "userimport", "service",
	} {
		files, err := filepath.Glob("../" + dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no rules in %s: %v", dir, err)
		}
		names = append(names, files...)
	}
	found := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "/verifier.go") { // what verifying the log finds is for operators
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := message(n); ok {
				found++
				text = strings.NewReplacer("%d", "12", "%s", "word").Replace(text)
				for _, l := range locale.Languages[1:] {
					if l.SayRule(text) == text {
						t.Errorf("%s: %s has no %q", name, l.Tag, text)
					}
				}
			}
			return true
		})
	}
	if found < 50 {
		t.Errorf("only %d messages were found", found)
	}
}

// message returns the text of a literal that is the message of an Error or a Detail.
func message(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Message" {
			return literal(n.Value)
		}
	case *ast.CompositeLit:
		if of, ok := n.Type.(*ast.Ident); ok && of.Name == "Detail" && len(n.Elts) == 2 {
			return literal(n.Elts[1])
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Fail" && len(n.Args) == 2 {
			return literal(n.Args[1])
		}
	}
	return "", false
}

// literal returns the text of a string, or of the format of a Sprintf.
func literal(e ast.Expr) (string, bool) {
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) > 0 {
		e = call.Args[0]
	}
	if text, ok := e.(*ast.BasicLit); ok && text.Kind == token.STRING {
		value, err := strconv.Unquote(text.Value)
		return value, err == nil
	}
	return "", false
}
