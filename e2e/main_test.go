// Package e2e_test tests the built binary from outside: over HTTP, SMTP and signals, with a browser, with the Python
// client and with Schemathesis. It builds the binary once, and starts servers on free ports and in temporary
// directories.
//
// scripts/python-env.sh creates the Python environment when a test needs it. SCHEMATHESIS_EXAMPLES=200, for example,
// makes the Schemathesis test longer, and its requests differ at each run.
//
// Of Usher's packages it imports mailtest and mail, to receive and read messages, and pgtest, to run PostgreSQL. The
// tests rely only on what is documented.
package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// maxParallel is the number of tests that run in parallel. It may exceed the number of cores, because many tests mostly
// wait.
const maxParallel = "4"

// usher is the path of the built binary.
var usher string

// buildFlags are additional flags for go build.
var buildFlags []string

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", maxParallel); err != nil {
		panic(err)
	}
	os.Exit(buildAndRun(m))
}

// buildAndRun builds the binary, runs the tests and returns the exit code.
func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	usher = filepath.Join(dir, "usher")
	arguments := append([]string{"build", "-o", usher}, append(buildFlags, "../cmd/usher")...)
	if out, err := exec.Command("go", arguments...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the binary: %v\n%s", err, out)
		return 1
	}
	defer func() { chromium.end() }()
	return m.Run()
}
