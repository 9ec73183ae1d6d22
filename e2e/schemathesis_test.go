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

// defaultExamples is the number of requests that Schemathesis generates for each operation in each of its phases. The
// environment variable SCHEMATHESIS_EXAMPLES overrides it.
const defaultExamples = "5"

// schemathesisCallers lists the kinds of caller that python/schemathesis_world.py creates. covers selects
// Schemathesis's coverage phase, which tests each bound of the schema and takes longest. Most requests of that phase
// are invalid, so the caller's permissions rarely change the response. Without SCHEMATHESIS_EXAMPLES the phase runs
// only for the administrator and the ordinary user.
var schemathesisCallers = []struct {
	name    string
	accepts func(operation string) bool // reports whether the operation can succeed for the caller
	covers  bool                        // whether the coverage phase runs
}{
	{"administrator", exceptRecovery, true},
	{"contract key", exceptRecovery, false},
	{"deputy", except(exceptRecovery, administratorOperations), false},
	{"reader", except(isRead, administratorOperations, []string{"apiImportsIdGet"}), false},
	{
		"read-only key",
		except(isRead, administratorOperations, notByNamedKey, []string{"apiImportsIdGet", "apiPreferencesPatch"}), false,
	},
	{"user", isOwn, true},
	{"anonymous", isPublic, false},
}

var (
	// publicOperations are the operations that need no credential.
	publicOperations = []string{"apiAboutGet", "apiLoginPost", "apiUsersForgottenPasswordPost"}
	// anyCredential lists the operations that every credential may call. Only a read-only key may not change preferences.
	anyCredential = []string{"apiLogoutPost", "apiUsersWhoamiGet", "apiPreferencesGet", "apiPreferencesPatch"}
	// notByNamedKey lists the reads that named API keys may not call, and the password change.
	notByNamedKey = []string{"apiApiKeyGet", "apiKeysGet", "apiSessionsGet", "apiUsersPasswordPatch"}
	// ownOperations are the operations that role 2 permits, for the caller's own resources only.
	ownOperations = []string{
		"apiActivityLogExportGet", "apiActivityLogGet", "apiApiKeyGet", "apiApiKeyPost", "apiKeysDelete", "apiKeysGet",
		"apiKeysIdDelete", "apiKeysPost", "apiSessionsDelete", "apiSessionsGet", "apiSessionsIdDelete", "apiUsersGet",
		"apiUsersIdGet", "apiUsersIdPatch", "apiUsersPasswordPatch",
	}
	// administratorOperations are the operations that only users with role 1 may call.
	administratorOperations = []string{
		"apiApplicationSettingsTestMessagePost", "apiLdapConfigurationPatch",
		"apiSamlConfigurationGenerateCertificateGet", "apiSamlConfigurationPatch",
	}
)

// exceptRecovery accepts all operations except the password recovery, which needs a token from a message.
func exceptRecovery(operation string) bool { return operation != "apiUsersRetrievePasswordPost" }

func isPublic(operation string) bool { return slices.Contains(publicOperations, operation) }

func isOwn(operation string) bool {
	return isPublic(operation) || slices.Contains(anyCredential, operation) || slices.Contains(ownOperations, operation)
}

// isRead accepts reads, public operations, and the change of the caller's own password.
func isRead(operation string) bool {
	return isPublic(operation) || slices.Contains(anyCredential, operation) ||
		strings.HasSuffix(operation, "Get") || operation == "apiUsersPasswordPatch"
}

// except returns a function that accepts the same operations as accepts, but not those in the lists others.
func except(accepts func(operation string) bool, others ...[]string) func(operation string) bool {
	return func(operation string) bool {
		return accepts(operation) && !slices.Contains(slices.Concat(others...), operation)
	}
}

// TestSchemathesis lets Schemathesis generate requests from the contract that the server serves. The requests are valid
// and invalid, single and in sequences, and come from every kind of caller. No response may have a 5xx status or
// violate the contract. Schemathesis is configured in python/schemathesis.toml and python/schemathesis_hooks.py.
func TestSchemathesis(t *testing.T) {
	t.Parallel()
	examples, seed := defaultExamples, []string{"--seed", "1"} // the fixed seed generates the same requests at each run
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

// runSchemathesis runs Schemathesis against a new server, with requests of one kind of caller.
func runSchemathesis(t *testing.T, caller string, accepts func(operation string) bool, arguments []string) {
	schemathesis := python(t, "schemathesis")
	smtp := mailtest.Start(t, mailtest.Options{TLS: mail.NoTLS})
	// Trust X-Forwarded-For, in which the hooks give each request its own client address.
	s := startServer(t, options{Flags: []string{"--trusted-proxies", "127.0.0.0/8", "--access-log"}})

	cmd := exec.Command(schemathesis, append([]string{
		"--config-file", absolute(t, "python/schemathesis.toml"), "run", s.URL + "/openapi.yaml", "--url", s.URL,
		"--checks", "all", "--no-color",
	}, arguments...)...)
	cmd.Dir = t.TempDir() // Schemathesis writes its findings there
	cmd.Env = append(os.Environ(),
		"USHER_E2E_URL="+s.URL, "USHER_E2E_CALLER="+caller, "USHER_E2E_SMTP_PORT="+formatID(int64(smtp.Port())),
		"SCHEMATHESIS_HOOKS="+absolute(t, "python/schemathesis_hooks.py"),
		"PYTHONPATH="+absolute(t, "python"), "PYTHONDONTWRITEBYTECODE=1",
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

// checkRun checks in the access log that exactly the operations for which accepts returns true have succeeded. A run
// that loses its session or its permissions would otherwise pass, although all its requests are refused.
func checkRun(t *testing.T, log *serverLog, contract string, accepts func(operation string) bool) {
	t.Helper()
	accepted := map[string]bool{}
	for text := range strings.Lines(log.String()) {
		var line struct {
			Operation string
			Source    string
			Status    int
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("a line of the log is not JSON: %s", text)
		}
		if line.Status >= 500 {
			t.Errorf("the server answered a 5xx: %s", text)
		}
		// Requests from other networks only create resources for the run.
		if strings.HasPrefix(line.Source, "10.") && line.Operation != "" {
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
