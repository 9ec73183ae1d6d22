package mutations_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// withoutMutation has the threats of docs/security.md whose defence is not in one place of the
// code, and the reason.
var withoutMutation = map[string]string{
	"reading a token in the outbox":                           "no operation returns the text of a message",
	"reading a stored password of a mail server or directory": "no operation returns a stored password",
	"signing in with the contents of a backup":                "a backup is a copy of the database; that has mutations",
}

// pending has the threats of docs/security.md that need a mutation and have none yet.
var pending = []string{
	"a proxy that is not trusted, so that all users share its address",
	"blocking them by guesses at costly imported hashes",
	"guessing for free by disconnecting",
	"a network locked by its own correct sign-ins",
	"users of one address who lock each other out",
	"filling the database without an account",
	"large bodies before authentication",
	"large bodies of callers without the permission",
	"many unfinished bodies",
	"bodies that never end",
	"holding all connections",
	"idle connections, and requests whose header never ends",
	"health checks that fail because of an attack",
	"a proxy that is refused for its clients",
	"a refused body that is taken for the next request",
	"a wrong or lost server key",
	"a leaked server key",
	"a retired key that is still in a file",
	"sealing with the former key during a rotation",
	"a server without the new key",
	"a crash in the middle of a rotation",
	"losing what the keys do not open",
	"a rotation that seals a forged log",
	"forging with the former key during a rotation",
	"cutting off the end across a rotation",
	"retention during a rotation",
	"trying out what one may read",
	"refused reads that fill memory or the log, or fail with the database",
	"a name that an attacker points to the server, to read its pages (DNS rebinding)",
	"a first visit over plain HTTP",
	"an answer of the API shown as a page",
	"a program that looks at a link and so changes something",
	"pages that a browser still has after signing out",
	"many large files at once, or slow uploads",
	"a request hidden in the body of another one (request smuggling)",
	"strangers who read metrics or the API documentation",
	"creating users to get the roles that new users get",
	"a read-only key that changes data for which there is no permission",
	"a password that a thief changes",
	"a key that a thief made before the password was changed",
	"an address that looks like another user's",
	"a formula in an exported file",
	"filling the disk or the log with changes",
	"updates without a change",
	"filling the table of sessions",
	"flooding many mailboxes with invitations",
	"leaving no room for sign-ins",
}

// threats returns the first cells of the tables in docs/security.md.
func threats(t *testing.T) (all []string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs/security.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		threat, isRow := strings.CutPrefix(cells[0], "| ")
		if isRow && len(cells) == 3 && threat != "threat" && threat != "---" {
			all = append(all, threat)
		}
	}
	return all
}

// Each threat of docs/security.md has a mutation, and each mutation is about a threat that is
// there.
func TestEveryThreatHasAMutation(t *testing.T) {
	listed := threats(t)
	if len(listed) < 100 {
		t.Fatalf("docs/security.md has %d threats", len(listed))
	}
	tested := map[string]bool{"": true}
	for _, m := range table() {
		tested[m.threat] = true
		if m.threat != "" && !slices.Contains(listed, m.threat) {
			t.Errorf("docs/security.md has no threat %q", m.threat)
		}
	}
	for _, threat := range listed {
		if tested[threat] == (withoutMutation[threat] != "" || slices.Contains(pending, threat)) {
			t.Errorf("the threat %q needs a mutation, or a reason for none, and not both", threat)
		}
	}
	for threat := range withoutMutation {
		if !slices.Contains(listed, threat) {
			t.Errorf("docs/security.md has no threat %q", threat)
		}
	}
}
