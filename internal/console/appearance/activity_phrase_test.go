package appearance_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/appearance"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// TestEveryActionHasAPhrase looks for the action constants in the source code of package account.
func TestEveryActionHasAPhrase(t *testing.T) {
	source := consoletest.Must(os.ReadFile("../../account/activity.go"))
	actions := regexp.MustCompile(`Action = "([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(actions) < 20 {
		t.Fatalf("only %d actions were found", len(actions))
	}
	for _, action := range actions {
		if !appearance.HasActionPhrase(account.Action(action[1])) {
			t.Errorf("%s has no phrase", action[1])
		}
	}
}
