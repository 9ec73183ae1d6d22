package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/command"
)

// completionScript writes the completion script of a shell to a file.
func completionScript(t *testing.T, shell string) string {
	t.Helper()
	e, stdout, stderr := testEnv(nil, nil)
	if code := run(t.Context(), e, []string{"completion", shell}); code != command.ExitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	path := filepath.Join(t.TempDir(), "usher."+shell)
	if err := os.WriteFile(path, stdout.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// requireShell skips the test if the shell is not installed. In CI the test fails instead.
func requireShell(t *testing.T, shell string) {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", shell)
		}
		t.Skipf("%s is not installed", shell)
	}
}

// TestCompletionScriptsAreAccepted checks that each shell can parse its completion script.
func TestCompletionScriptsAreAccepted(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			path := completionScript(t, shell)
			script, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"login", "import", "serve", "reset-password", "output", "no-active"} {
				if !strings.Contains(string(script), word) {
					t.Errorf("%s is not in the script", word)
				}
			}
			requireShell(t, shell)
			if out, err := exec.CommandContext(t.Context(), shell, "-n", path).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// TestCompletion asks bash and fish to complete a command line.
func TestCompletion(t *testing.T) {
	for _, test := range []struct {
		line string // command line; its last word is to be completed
		want string // words that must be offered
		not  string // a word that must not be offered
	}{
		{"usher ", "login logout users serve", "import"},
		{"usher us", "users", "login"},
		{"usher users ", "list import export", "login"},
		{"usher --output json users im", "import", "list"},
		{"usher users update 18 --no", "--no-active", "--name"},
		{"usher admin ", "create unlock", "list"},
		{"usher users list --", "--output --server", "--yes"},
	} {
		t.Run("bash "+test.line, func(t *testing.T) {
			requireShell(t, "bash")
			checkOffers(t, test.want, test.not, "bash", "-c", `. "$1"; COMP_WORDS=($2)
				[[ $2 == *\  ]] && COMP_WORDS+=("")
				COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _usher; printf '%s\n' "${COMPREPLY[@]}"`,
				"bash", completionScript(t, "bash"), test.line)
		})
		t.Run("fish "+test.line, func(t *testing.T) {
			requireShell(t, "fish")
			checkOffers(t, test.want, test.not, "fish", "--no-config", "-c",
				`source $argv[1]; complete -C $argv[2]`, completionScript(t, "fish"), test.line)
		})
	}
}

// checkOffers runs a command that prints completions. The command must print each word in want, and must not print
// unwanted.
func checkOffers(t *testing.T, want, unwanted, name string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	offered := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		offered[word] = true
	}
	for word := range strings.FieldsSeq(want) {
		if !offered[word] {
			t.Errorf("%s is not offered: %s", word, out)
		}
	}
	if offered[unwanted] {
		t.Errorf("%s is offered: %s", unwanted, out)
	}
}
