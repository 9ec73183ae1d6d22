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

// notRules lists the sibling packages of the console whose error messages the console never shows.
var notRules = map[string]bool{"httpapi": true, "contract": true, "sqlstore": true, "userfile": true}

// TestEveryRuleIsTranslated checks that each error message in the source code of the console's
// sibling packages has a translation. Some messages are built at run time, so the test can't find
// unused translations.
func TestEveryRuleIsTranslated(t *testing.T) {
	names, err := filepath.Glob("../*/*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	found := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || notRules[filepath.Base(filepath.Dir(name))] {
			continue
		}
		if strings.HasSuffix(name, "verifier.go") { // its messages are for operators and stay English
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
					if l.TranslateMessage(text) == text {
						t.Errorf("%s: %s has no %q", name, l.Tag, text)
					}
				}
			}
			return true
		})
	}
	if found < 80 {
		t.Errorf("only %d messages were found", found)
	}
}

// message returns the message text of a composite literal of the type Error or Detail.
func message(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Message" {
			return literal(n.Value)
		}
	case *ast.CompositeLit:
		if typeName(n.Type) == "Detail" && len(n.Elts) == 2 {
			return literal(n.Elts[1])
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && strings.EqualFold(f.Sel.Name, "fail") && len(n.Args) == 2 {
			return literal(n.Args[1])
		}
	}
	return "", false
}

// typeName returns the name of a type, without its package.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// literal returns the value of a string literal, or the format of a call of fmt.Sprintf.
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
