// Package mutations_test checks that the tests guard Usher's defences. Each mutation of its table
// takes one defence out of the code and names a test, which must fail then. The files of the table
// follow the sections of docs/security.md.
//
// A part of the mutations runs by default. make mutations runs all of them.
package mutations_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var selected = flag.String("mutations", "",
	"regular expression of the mutations to run, by their threat, file and test; empty for the quick ones")

const (
	root        = "../.."
	testTimeout = 3 * time.Minute  // for the test of a mutation
	runTimeout  = 15 * time.Minute // with the build of its package
)

// mutation takes one defence out of the code.
type mutation struct {
	threat string // first cell of the row in docs/security.md; empty for a defence that the text describes
	file   string // relative to the root of the module
	text   string // occurs once in the file
	with   string // replaces text
	in     string // directory of the test; empty for that of file
	test   string // fails with the mutation
	engine string // database engine of the test; empty for the default
	quick  bool   // runs by default
}

// table returns all mutations.
func table() []mutation {
	return slices.Concat(escalation, locks, keys, recovery, imports, settings, secrets, browser, forms, uploads, input,
		durability, guessing, activity)
}

func (m mutation) name() string { return fmt.Sprintf("%s, %s, %s", m.threat, m.file, m.test) }

// dir returns the directory of the test.
func (m mutation) dir() string {
	if m.in != "" {
		return m.in
	}
	return filepath.Dir(m.file)
}

// mutate returns the contents of the file with the mutation. It fails unless text occurs once.
func (m mutation) mutate() ([]byte, error) {
	original, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	if n := bytes.Count(original, []byte(m.text)); n != 1 {
		return nil, fmt.Errorf("%s has the text %d times, want once: %s", m.file, n, m.text)
	}
	mutated := bytes.Replace(original, []byte(m.text), []byte(m.with), 1)
	if bytes.Equal(mutated, original) {
		return nil, fmt.Errorf("%s: the mutation changes nothing: %s", m.file, m.text)
	}
	if filepath.Ext(m.file) == ".go" {
		if _, err := parser.ParseFile(token.NewFileSet(), m.file, mutated, 0); err != nil {
			return nil, fmt.Errorf("parse the mutation: %w", err)
		}
	}
	return mutated, nil
}

// testFiles returns the contents of the test files in a directory.
func testFiles(dir string) (all []byte, err error) {
	names, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, file...)
	}
	return all, nil
}

// Each mutation's text is in its file, and its test exists.
func TestTable(t *testing.T) {
	tests := map[string][]byte{}
	for _, m := range table() {
		if _, err := m.mutate(); err != nil {
			t.Error(err)
		}
		if tests[m.dir()] == nil {
			files, err := testFiles(m.dir())
			if err != nil {
				t.Fatal(err)
			}
			tests[m.dir()] = files
		}
		if !bytes.Contains(tests[m.dir()], []byte("func "+m.test+"(")) {
			t.Errorf("%s has no test %s", m.dir(), m.test)
		}
	}
}

// With each mutation, its test fails.
func TestMutations(t *testing.T) {
	mutations := slices.DeleteFunc(table(), func(m mutation) bool { return !m.quick })
	if *selected != "" {
		pattern, err := regexp.Compile(*selected)
		if err != nil {
			t.Fatal(err)
		}
		mutations = slices.DeleteFunc(table(), func(m mutation) bool { return !pattern.MatchString(m.name()) })
		requireTestsPass(t, mutations)
	}
	if len(mutations) == 0 {
		t.Fatal("no mutation has such a threat, file or test")
	}
	for i, m := range mutations {
		t.Run(fmt.Sprintf("%d of %d, %s", i+1, len(mutations), m.name()), func(t *testing.T) {
			mutated, err := m.mutate()
			if err != nil {
				t.Fatal(err)
			}
			overlay := writeOverlay(t, m.file, mutated)
			if err := run(t.Context(), m.engine, m.dir(), []string{m.test}, overlay).failed(m.test); err != nil {
				t.Error(err)
			}
		})
	}
}

// requireTestsPass ends the test unless the tests of the mutations pass without them.
func requireTestsPass(t *testing.T, mutations []mutation) {
	t.Helper()
	type suite struct{ engine, dir string }
	suites := map[suite][]string{}
	for _, m := range mutations {
		s := suite{engine: m.engine, dir: m.dir()}
		if !slices.Contains(suites[s], m.test) {
			suites[s] = append(suites[s], m.test)
		}
	}
	for _, s := range slices.SortedFunc(maps.Keys(suites), func(a, b suite) int {
		return strings.Compare(a.dir+a.engine, b.dir+b.engine)
	}) {
		t.Logf("%s %s: %d tests without a mutation", s.dir, s.engine, len(suites[s]))
		if r := run(t.Context(), s.engine, s.dir, suites[s], ""); r.err != nil {
			t.Fatalf("the tests fail without a mutation: %v\n%s", r.err, r.output())
		}
	}
}

// writeOverlay writes a file for the flag -overlay of the go command, which replaces one file. It
// returns the path.
func writeOverlay(t *testing.T, file string, contents []byte) string {
	t.Helper()
	dir := t.TempDir()
	original, err := filepath.Abs(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	mutated, overlay := filepath.Join(dir, "mutated"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{original: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(mutated, contents, 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// event is a line of the output of go test -json.
type event struct {
	Action, Test, Output string
	FailedBuild          string
}

// result is what go test has reported.
type result struct {
	events []event
	err    error
}

func (r result) output() string {
	var all strings.Builder
	for _, e := range r.events {
		all.WriteString(e.Output)
	}
	return all.String()
}

func (r result) has(condition func(event) bool) bool { return slices.ContainsFunc(r.events, condition) }

// failed returns an error unless the test ran and failed.
func (r result) failed(test string) error {
	switch {
	case r.has(func(e event) bool { return e.FailedBuild != "" || e.Action == "build-fail" }):
		return fmt.Errorf("the mutation does not compile:\n%s", r.output())
	case strings.Contains(r.output(), "panic: test timed out"):
		return fmt.Errorf("the test timed out, which tells nothing:\n%s", r.output())
	case r.has(func(e event) bool { return e.Action == "fail" && e.Test == test }):
		return nil
	case r.has(func(e event) bool { return e.Action == "pass" && e.Test == test }):
		return fmt.Errorf("%s passes with the mutation: write a test that fails", test)
	}
	return fmt.Errorf("the test did not run: %w\n%s", r.err, r.output())
}

// run runs tests of a package with go test. overlay is the file of an overlay, which also holds for
// programs that the tests build, or empty.
func run(ctx context.Context, engine, dir string, tests []string, overlay string) (r result) {
	flags, err := buildFlags()
	if err != nil {
		return result{err: err}
	}
	// Without debugging information, a test is linked faster.
	arguments := []string{"test", "-json", "-vet=off", "-ldflags=-s -w", fmt.Sprint("-timeout=", testTimeout)}
	if overlay != "" {
		flags = append(flags, "-overlay="+overlay)
		arguments = append(arguments, "-count=1")
	}
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	arguments = append(arguments, "-run", "^("+strings.Join(tests, "|")+")$", "./"+filepath.ToSlash(dir))
	files, err := testFiles(dir)
	if err != nil {
		return result{err: err}
	}
	if bytes.Contains(files, []byte(`"pgregory.net/rapid"`)) {
		arguments = append(arguments, "-rapid.nofailfile") // otherwise later runs repeat the failure with the mutation
	}
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	command.Dir = root
	command.Env = append(os.Environ(), "GOFLAGS="+strings.Join(flags, " "), "USHER_TEST_ENGINE="+engine)
	out, err := command.Output()
	r.err = err
	if failure, ok := errors.AsType[*exec.ExitError](err); ok {
		r.events = append(r.events, event{Output: string(failure.Stderr)})
	}
	for line := range bytes.Lines(out) {
		e := event{Output: string(line)} // what is no JSON is shown
		_ = json.Unmarshal(line, &e)
		r.events = append(r.events, e)
	}
	return r
}

// buildFlags returns the flags for the go command that the environment sets, without those for the
// compiler. make test sets them for the race detector, and packages would be compiled again without
// need.
func buildFlags() ([]string, error) {
	out, err := exec.Command("go", "env", "GOFLAGS").Output()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(f string) bool {
		return strings.HasPrefix(f, "-gcflags=")
	}), nil
}
