package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// walk finds the README's walk.
var walk = regexp.MustCompile("(?s)<!-- walk -->\n```sh\n(.*?)```\n")

// TestReadmeWalk takes a new user's walk through the README, as it stands there:
// a server in one terminal, the block of commands in another one beside it.
func TestReadmeWalk(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := walk.FindSubmatch(readme)
	if found == nil {
		t.Fatal("README.md has no walk")
	}
	directory := t.TempDir()
	s := startServer(t, options{Data: filepath.Join(directory, "usher-data"), NoAdmin: true})

	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", string(found[1]))
	cmd.Dir = directory
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "USHER_") })
	cmd.Env = append(cmd.Env,
		"PATH="+filepath.Dir(usher)+string(os.PathListSeparator)+os.Getenv("PATH"),
		"USHER_SERVER="+s.URL, // the README's server is on the default port
		"USHER_CONFIG_DIR="+filepath.Join(directory, "config"),
	)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the walk fails: %v\n%s", err, out)
	}
	for _, step := range []string{
		"as admin@localhost", "Your password is changed", "Created 3 users",
		"alan@example.com", "The new password is set", "as grace@example.com", "user (own): read, edit", "Signed out",
	} {
		if !strings.Contains(string(out), step) {
			t.Errorf("the walk does not show %q:\n%s", step, out)
		}
	}
}
