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

// walkthrough matches the README's block of shell commands after the marker "walk".
var walkthrough = regexp.MustCompile("(?s)<!-- walk -->\n```sh\n(.*?)```\n")

// TestReadmeWalkthrough runs the README's walkthrough commands against a new server, as a new user would.
func TestReadmeWalkthrough(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := walkthrough.FindSubmatch(readme)
	if found == nil {
		t.Fatal("README.md has no block of commands marked with <!-- walk -->")
	}
	dir := t.TempDir()
	s := startServer(t, options{Data: filepath.Join(dir, "usher-data"), NoAdmin: true})

	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", string(found[1]))
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "USHER_") })
	cmd.Env = append(cmd.Env,
		"PATH="+filepath.Dir(usher)+string(os.PathListSeparator)+os.Getenv("PATH"),
		"USHER_SERVER="+s.URL, // the README uses the default port
		"USHER_CONFIG_DIR="+filepath.Join(dir, "config"),
	)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the commands fail: %v\n%s", err, out)
	}
	for _, step := range []string{
		"as admin@localhost", "Your password is changed", "Created 3 users",
		"alan@example.com", "The new password is set", "as grace@example.com", "user (own): read, edit", "Signed out",
	} {
		if !strings.Contains(string(out), step) {
			t.Errorf("the output does not contain %q:\n%s", step, out)
		}
	}
}
