// Package layout_test checks which package imports which, and the size of packages, types
// and interfaces. docs/architecture.md describes these rules.
package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/seed-3a99a2fe/usher/"

// Size limits. Beyond them, a package or a type is hard to understand as a whole.
const (
	maxFiles            = 20 // hand-written files of a package, without tests
	maxMethods          = 40 // methods of a type
	maxInterfaceMethods = 20 // methods of an interface, including embedded interfaces
)

// pkg is what the tests record about a package.
type pkg struct {
	files      int // number of hand-written files
	documented bool
	imports    map[string]bool // imported packages of this module, as paths relative to the module
	methods    map[string]int  // number of methods by the name of the type
	interfaces map[string]*ast.InterfaceType
}

// readPackages returns the packages of the module by their directory. It ignores test
// files.
func readPackages(t *testing.T) map[string]*pkg {
	t.Helper()
	root := os.DirFS("../..")
	packages := map[string]*pkg{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") ||
			slices.Contains([]string{"testdata", "node_modules"}, entry.Name())):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../..", name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		if packages[dir] == nil {
			packages[dir] = &pkg{
				imports: map[string]bool{}, methods: map[string]int{}, interfaces: map[string]*ast.InterfaceType{},
			}
		}
		packages[dir].add(file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// add records one file of the package.
func (p *pkg) add(file *ast.File) {
	for _, spec := range file.Imports {
		if name, _ := strconv.Unquote(spec.Path.Value); strings.HasPrefix(name, module) {
			p.imports[strings.TrimPrefix(name, module)] = true
		}
	}
	p.documented = p.documented || file.Doc != nil
	if ast.IsGenerated(file) {
		return
	}
	p.files++
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil {
				p.methods[receiver(d.Recv.List[0].Type)]++
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok {
					if i, ok := s.Type.(*ast.InterfaceType); ok {
						p.interfaces[s.Name.Name] = i
					}
				}
			}
		}
	}
}

// receiver returns the name of the type in a method's receiver.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return "?"
}

// interfaceMethods counts the methods of an interface, including interfaces of this module
// that it embeds.
func interfaceMethods(packages map[string]*pkg, dir string, i *ast.InterfaceType) int {
	count := 0
	for _, field := range i.Methods.List {
		if len(field.Names) > 0 {
			count += len(field.Names)
			continue
		}
		switch embedded := field.Type.(type) {
		case *ast.Ident:
			if other := packages[dir].interfaces[embedded.Name]; other != nil {
				count += interfaceMethods(packages, dir, other)
			}
		case *ast.SelectorExpr:
			for name := range packages[dir].imports {
				if from := packages[name]; path.Base(name) == embedded.X.(*ast.Ident).Name && from != nil {
					if other := from.interfaces[embedded.Sel.Name]; other != nil {
						count += interfaceMethods(packages, name, other)
					}
				}
			}
		}
	}
	return count
}

// TestImports fails if a package imports a package that arrows does not list, or if arrows
// lists an import that no longer exists.
func TestImports(t *testing.T) {
	packages := readPackages(t)
	for dir, p := range packages {
		if !strings.HasPrefix(dir, "internal/") && !strings.HasPrefix(dir, "cmd/") && dir != "client" {
			continue
		}
		allowed, listed := arrows[dir]
		if !listed {
			t.Errorf("%s is missing in the table: %q", dir, slices.Sorted(maps.Keys(p.imports)))
			continue
		}
		for name := range p.imports {
			if !slices.Contains(allowed, name) {
				t.Errorf("%s must not import %s. If the arrow is right, add it to the table and say why in the commit", dir, name)
			}
		}
		for _, name := range allowed {
			if !p.imports[name] {
				t.Errorf("%s no longer imports %s: remove it from the table", dir, name)
			}
		}
	}
	for dir := range arrows {
		if packages[dir] == nil {
			t.Errorf("the table has %s, which does not exist", dir)
		}
	}
}

// TestSizes fails if a package, type or interface exceeds its limit, or if a package has no
// package comment.
func TestSizes(t *testing.T) {
	packages := readPackages(t)
	for dir, p := range packages {
		if strings.HasSuffix(dir, "test") { // packages of test helpers have no limits
			continue
		}
		if p.files > maxFiles {
			t.Errorf("%s has %d hand-written files, at most %d: move a noun to a package of its own", dir, p.files, maxFiles)
		}
		if !p.documented {
			t.Errorf("%s has no package comment", dir)
		}
		for name, count := range p.methods {
			if count > maxMethods {
				t.Errorf("%s.%s has %d methods, at most %d", dir, name, count, maxMethods)
			}
		}
		for name, i := range p.interfaces {
			if count := interfaceMethods(packages, dir, i); count > maxInterfaceMethods {
				t.Errorf("%s.%s has %d methods, at most %d", dir, name, count, maxInterfaceMethods)
			}
		}
	}
}
