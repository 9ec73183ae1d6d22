// Package e2e_test drives the built binary from outside, as its users do: over
// HTTP, SMTP and signals, with the Python client and with Schemathesis. It builds
// the binary once, and starts servers of its own on free ports and in temporary
// directories.
//
// The environment of the Python parts is made by scripts/python-env.sh when a test
// needs it. SCHEMATHESIS_EXAMPLES=200, say, makes the Schemathesis test longer and
// its requests other ones at each run.
//
// It imports mailtest and mail, to receive and read messages, and pgtest, to have
// PostgreSQL, and otherwise nothing of the program: what it knows of Usher is what
// is documented.
package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// atOnce is how many tests, and so servers, run at a time. Many wait for
// something, so it may be more than there are cores.
const atOnce = "4"

// usher is the path of the binary.
var usher string

// buildFlags are what the binary is built with.
var buildFlags []string

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	os.Exit(build(m))
}

func build(m *testing.M) int {
	directory, err := os.MkdirTemp("", "usher-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(directory)
	usher = filepath.Join(directory, "usher")
	arguments := append([]string{"build", "-o", usher}, append(buildFlags, "../cmd/usher")...)
	if out, err := exec.Command("go", arguments...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the binary: %v\n%s", err, out)
		return 1
	}
	defer func() { chromium.end() }()
	return m.Run()
}
