package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// fewExamples is how many requests Schemathesis makes up for each operation and
// phase, unless the variable SCHEMATHESIS_EXAMPLES says how many.
const fewExamples = "5"

// schemathesisCallers are the kinds of callers that python/schemathesis_world.py
// knows. The phase that covers each bound of the schema takes longest, and what it
// sends is mostly refused before it matters who calls: without the variable it is
// for the administrator and the ordinary user alone.
var schemathesisCallers = []struct {
	name    string
	accepts func(operation string) bool // whether an operation can succeed
	covers  bool
}{
	{"administrator", isAny, true},
	{"contract key", isAny, false},
	{"deputy", but(isAny, administrators), false},
	{"reader", but(isRead, administrators, []string{"apiImportsIdGet"}), false},
	{"read-only key", but(isRead, administrators, ofNoNamedKey, []string{"apiImportsIdGet"}), false},
	{"user", isOwn, true},
	{"nobody", isPublic, false},
}

var (
	// public are the operations that need no credential.
	public = []string{"apiAboutGet", "apiLoginPost", "apiUsersForgottenPasswordPost"}
	// everybodys are those that every credential may call.
	everybodys = []string{"apiLogoutPost", "apiUsersWhoamiGet", "apiPreferencesGet", "apiPreferencesPatch"}
	// ofNoNamedKey are those that no named key may call, though it only reads.
	ofNoNamedKey = []string{"apiApiKeyGet", "apiKeysGet", "apiSessionsGet", "apiUsersPasswordPatch"}
	// own are those that role 2 permits, for what is one's own.
	own = []string{
		"apiActivityLogExportGet", "apiActivityLogGet", "apiApiKeyGet", "apiApiKeyPost", "apiKeysGet", "apiKeysIdDelete", "apiKeysPost",
		"apiSessionsDelete", "apiSessionsGet", "apiSessionsIdDelete", "apiUsersGet", "apiUsersIdGet", "apiUsersIdPatch", "apiUsersPasswordPatch",
	}
	// administrators are those that need role 1, whatever else one holds.
	administrators = []string{
		"apiApplicationSettingsTestMessagePost", "apiLdapConfigurationPatch",
		"apiSamlConfigurationGenerateCertificateGet", "apiSamlConfigurationPatch",
	}
)

// isAny is for those who may do everything. A recovery needs a token out of a
// message.
func isAny(operation string) bool { return operation != "apiUsersRetrievePasswordPost" }

func isPublic(operation string) bool { return slices.Contains(public, operation) }

func isOwn(operation string) bool {
	return isPublic(operation) || slices.Contains(everybodys, operation) || slices.Contains(own, operation)
}

// isRead is for those who may read everything, and change their own password.
func isRead(operation string) bool {
	return isPublic(operation) || slices.Contains(everybodys, operation) || strings.HasSuffix(operation, "Get") || operation == "apiUsersPasswordPatch"
}

// but takes lists of operations away.
func but(accepts func(operation string) bool, others ...[]string) func(operation string) bool {
	return func(operation string) bool {
		return accepts(operation) && !slices.Contains(slices.Concat(others...), operation)
	}
}

// TestSchemathesis lets Schemathesis make requests up from the contract that the
// server itself serves, good and bad, alone and in sequences, as every kind of
// caller. No answer may be a 5xx or off the contract. What it is told beside the
// contract is in python/schemathesis.toml and python/schemathesis_hooks.py.
func TestSchemathesis(t *testing.T) {
	t.Parallel()
	examples, seed := fewExamples, []string{"--seed", "1"} // the same requests each time
	if n := os.Getenv("SCHEMATHESIS_EXAMPLES"); n != "" {
		examples, seed = n, nil
	}
	for _, caller := range schemathesisCallers {
		t.Run(caller.name, func(t *testing.T) {
			t.Parallel()
			arguments := append([]string{"--max-examples", examples}, seed...)
			if !caller.covers && seed != nil {
				arguments = append(arguments, "--phases", "examples,fuzzing,stateful")
			}
			runSchemathesis(t, caller.name, caller.accepts, arguments)
		})
	}
}

// runSchemathesis runs it as a kind of caller, against a server of its own.
func runSchemathesis(t *testing.T, caller string, accepts func(operation string) bool, arguments []string) {
	schemathesis := python(t, "schemathesis")
	post := mailtest.Start(t, mailtest.Options{TLS: mail.NoTLS})
	// The hooks give each request a source of its own by X-Forwarded-For.
	s := startServer(t, options{Flags: []string{"--trusted-proxies", "127.0.0.0/8", "--access-log"}})

	cmd := exec.Command(schemathesis, append([]string{
		"--config-file", absolute(t, "python/schemathesis.toml"), "run", s.URL + "/openapi.yaml", "--url", s.URL,
		"--checks", "all", "--no-color",
	}, arguments...)...)
	cmd.Dir = t.TempDir() // it keeps what it finds where it runs
	cmd.Env = append(os.Environ(),
		"USHER_E2E_URL="+s.URL, "USHER_E2E_CALLER="+caller, "USHER_E2E_SMTP_PORT="+number(int64(post.Port())),
		"SCHEMATHESIS_HOOKS="+absolute(t, "python/schemathesis_hooks.py"), "PYTHONPATH="+absolute(t, "python"), "PYTHONDONTWRITEBYTECODE=1",
	)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("schemathesis: %v", err)
	}
	t.Logf("the run took %s\n%s", time.Since(start).Round(time.Second), out)

	contract := s.do(t, "GET", "/openapi.yaml", "", nil).want(t, http.StatusOK)
	s.stop(t)
	checkRun(t, s.log, string(contract.Body), accepts)
}

var operationID = regexp.MustCompile(`(?m)^ +operationId: (\w+)$`)

// checkRun reads in the access log what the run has met. Had it lost its session
// or its rights, it would have seen nothing but refusals, and found no fault.
func checkRun(t *testing.T, log *journal, contract string, accepts func(operation string) bool) {
	t.Helper()
	accepted := map[string]bool{}
	for text := range strings.Lines(log.String()) {
		var line struct {
			Operation string
			Source    string
			Status    int
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("a line of the log is no JSON: %s", text)
		}
		if line.Status >= 500 {
			t.Errorf("the server answered a 5xx: %s", text)
		}
		if strings.HasPrefix(line.Source, "10.") && line.Operation != "" { // the others only make things
			accepted[line.Operation] = accepted[line.Operation] || line.Status < 300
		}
	}
	for _, found := range operationID.FindAllStringSubmatch(contract, -1) {
		operation := found[1]
		got, called := accepted[operation]
		switch {
		case !called:
			t.Errorf("%s was not called", operation)
		case got && !accepts(operation):
			t.Errorf("a call of %s succeeded", operation)
		case !got && accepts(operation):
			t.Errorf("no call of %s succeeded", operation)
		}
	}
}
