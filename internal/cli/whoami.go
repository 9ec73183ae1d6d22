package cli

import (
	"context"
	"fmt"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/profile"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// WhoamiCmd is `usher whoami`.
type WhoamiCmd struct{}

// Help returns the text that --help shows below the usage line.
func (WhoamiCmd) Help() string {
	return `Examples:
  usher whoami
  usher whoami --output json
  USHER_TOKEN_FILE=/run/secrets/api-key usher whoami`
}

// Run shows who the caller is and what they may do.
func (WhoamiCmd) Run(ctx context.Context, c *CLI) error {
	return ShowResult(ctx, c, func(api *client.Client) (client.Whoami, error) { return api.Whoami(ctx) }, whoamiTable)
}

func whoamiTable(me client.Whoami) command.Table {
	t := profile.CallerTable(me)
	for _, role := range me.Roles {
		t.Rows = append(t.Rows, []string{"role", fmt.Sprintf("%d, %s", role.ID, role.Name)})
		for _, text := range permissionTexts(role.Permissions) {
			t.Rows = append(t.Rows, []string{"", text})
		}
	}
	return t
}
