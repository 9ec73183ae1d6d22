package e2e_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// pythonEnvironment makes the Python environment, once, and says why it could not.
var pythonEnvironment = sync.OnceValue(func() error {
	out, err := exec.Command("../scripts/python-env.sh").CombinedOutput()
	if err != nil {
		return &scriptError{err, out}
	}
	return nil
})

type scriptError struct {
	error
	output []byte
}

func (e *scriptError) Error() string { return e.error.Error() + "\n" + string(e.output) }

// python returns the path of a program of the Python environment, python itself
// or one that a package of it brings. Without it the test fails.
func python(t *testing.T, program string) string {
	t.Helper()
	if err := pythonEnvironment(); err != nil {
		t.Fatalf("scripts/python-env.sh: %v", err)
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

// TestPythonClient calls with the Python client every operation that the examples
// of [TestSeedExamples] do not.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	cmd := exec.Command(python(t, "python"), "-B", "python/call_apis.py", s.URL)
	cmd.Stdin = strings.NewReader(s.admin(t))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("python/call_apis.py: %v\n%s", err, out)
	}
}
