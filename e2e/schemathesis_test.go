package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// fewExamples is how many requests Schemathesis makes up for each operation and
// phase, unless the variable SCHEMATHESIS_EXAMPLES says how many.
const fewExamples = "10"

// TestSchemathesis lets Schemathesis make requests up from the contract that the
// server itself serves, good and bad, alone and in sequences, as an administrator.
// No answer may be a 5xx or off the contract. What it is told beside the contract
// is in python/schemathesis.toml and python/schemathesis_hooks.py.
func TestSchemathesis(t *testing.T) {
	t.Parallel()
	examples, seed := fewExamples, []string{"--seed", "1"} // the same requests each time
	if n := os.Getenv("SCHEMATHESIS_EXAMPLES"); n != "" {
		examples, seed = n, nil
	}
	schemathesis := python(t, "schemathesis")

	// The hooks give each request a source of its own by X-Forwarded-For.
	s := startServer(t, options{Flags: []string{"--trusted-proxies", "127.0.0.0/8", "--access-log"}})
	key := s.admin(t)
	s.forget(t, adminEmail) // the message that GET /api/mail/{id} finds
	within(t, "the message is there", func() bool { return len(s.outbox(t, key)) == 1 })

	arguments := []string{
		"--config-file", absolute(t, "python/schemathesis.toml"), "run", s.URL + "/openapi.yaml", "--url", s.URL,
		"--checks", "all", "--no-color", "--max-examples", examples,
	}
	cmd := exec.Command(schemathesis, append(arguments, seed...)...)
	cmd.Dir = t.TempDir() // it keeps what it finds where it runs
	cmd.Env = append(os.Environ(),
		"USHER_E2E_URL="+s.URL, "USHER_E2E_KEY="+key,
		"SCHEMATHESIS_HOOKS="+absolute(t, "python/schemathesis_hooks.py"), "PYTHONDONTWRITEBYTECODE=1",
	)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("schemathesis: %v", err)
	}
	t.Logf("%s examples an operation took %s\n%s", examples, time.Since(start).Round(time.Second), out)

	s.stop(t)
	checkRun(t, s.log)
}

// checkRun reads in the access log what the run has met. Had it lost its session
// or its rights, it would have seen nothing but refusals, and found no fault.
func checkRun(t *testing.T, log *journal) {
	t.Helper()
	const operations = 14
	accepted := map[string]bool{}
	for text := range strings.Lines(log.String()) {
		var line struct {
			Operation string
			Status    int
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("a line of the log is no JSON: %s", text)
		}
		if line.Status >= 500 {
			t.Errorf("the server answered a 5xx: %s", text)
		}
		if line.Operation != "" {
			accepted[line.Operation] = accepted[line.Operation] || line.Status < 300
		}
	}
	if len(accepted) != operations {
		t.Errorf("the run has called %d operations, want %d", len(accepted), operations)
	}
	for operation, ok := range accepted {
		if !ok && operation != "apiUsersRetrievePasswordPost" { // which needs a token out of a message
			t.Errorf("no call of %s succeeded", operation)
		}
	}
}
