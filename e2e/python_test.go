package e2e_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// pythonEnvironment creates the Python environment on the first call.
var pythonEnvironment = sync.OnceValue(func() error {
	out, err := exec.Command("../scripts/python-env.sh").CombinedOutput()
	if err != nil {
		return fmt.Errorf("scripts/python-env.sh: %w\n%s", err, out)
	}
	return nil
})

// python returns the path of a program in the Python environment: "python", or a program that an installed package
// provides.
func python(t *testing.T, program string) string {
	t.Helper()
	if err := pythonEnvironment(); err != nil {
		t.Fatal(err)
	}
	return absolute(t, filepath.Join("..", ".cache", "venv", "bin", program))
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	full, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return full
}

// TestPythonClient calls, with the Python client, every operation that [TestSeedExamples] doesn't call.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	cmd := exec.Command(python(t, "python"), "-B", "python/call_apis.py", s.URL)
	cmd.Stdin = strings.NewReader(s.signInAdmin(t))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("python/call_apis.py: %v\n%s", err, out)
	}
}
