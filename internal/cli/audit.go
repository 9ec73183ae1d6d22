package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/lookup"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// AuditCmd has the commands of `usher audit` that call a server. Package server has the other commands of `usher
// audit`.
type AuditCmd struct {
	List   auditListCmd   `cmd:"" help:"List the activity log, newest first."`
	Export auditExportCmd `cmd:"" help:"Write the activity log as JSON lines, oldest first."`
}

// auditFilter has the flags that select entries of the activity log.
type auditFilter struct {
	Actor  string      `env:"-" placeholder:"USER" help:"Only actions of this user: id or e-mail address."`
	Action string      `env:"-" placeholder:"NAME" help:"Only this action, as user.update, or all actions on a noun, as 'user.*'."`
	Target string      `env:"-" placeholder:"KIND[:ID]" help:"Only changes of this kind of object, as user, or of one of them, as user:18."`
	Since  pointInTime `env:"-" placeholder:"TIME" help:"Only from this time on: 2026-03-01, or 2026-03-01T09:30:00Z."`
	Until  pointInTime `env:"-" placeholder:"TIME" help:"Only before this time."`
}

// pointInTime is a day or a time, as typed on the command line.
type pointInTime struct{ time.Time }

// UnmarshalText parses a time in RFC 3339, or a day, which stands for its start in UTC.
func (p *pointInTime) UnmarshalText(text []byte) (err error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if p.Time, err = time.Parse(layout, string(text)); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%q is neither a day, as 2026-03-01, nor a time, as 2026-03-01T09:30:00Z", text)
}

// resolve returns the filter in the form of the API. If the actor is given by address, resolve looks the id up. If the
// actor is given by id, resolve doesn't check it, because the user may have been deleted.
func (f *auditFilter) resolve(ctx context.Context, api *client.Client) (client.ActivityFilter, error) {
	filter := client.ActivityFilter{Action: f.Action, From: f.Since.Time, To: f.Until.Time}
	if f.Actor != "" {
		id, err := strconv.ParseInt(f.Actor, 10, 64)
		if err != nil {
			u, err := lookup.User(ctx, api, f.Actor)
			if err != nil {
				return filter, err
			}
			id = u.ID
		}
		filter.ActorID = id
	}
	if f.Target != "" {
		kind, id, hasID := strings.Cut(f.Target, ":")
		filter.TargetKind = kind
		if hasID {
			n, err := strconv.ParseInt(id, 10, 64)
			if err != nil || n < 1 {
				return filter, command.UsageErrorf("%q is not a kind of thing with an id, as user:18", f.Target)
			}
			filter.TargetID = n
		}
	}
	return filter, nil
}

// maxActivityPage is the largest page of the activity log that a server returns.
const maxActivityPage = 1000

type auditListCmd struct {
	auditFilter
	Limit int `env:"-" default:"100" placeholder:"N" help:"At most this many entries. Default: ${default}."`
}

// Help returns the text that --help shows below the usage line.
func (auditListCmd) Help() string {
	return `Examples:
  usher audit list
  usher audit list --actor ada@example.com --since 2026-03-01
  usher audit list --action 'user.*' --target user:18 --output json`
}

// Run prints entries of the activity log.
func (cmd *auditListCmd) Run(ctx context.Context, c *CLI) error {
	if cmd.Limit < 1 {
		return command.UsageErrorf("--limit must be at least 1")
	}
	list := func(api *client.Client) ([]client.ActivityEntry, error) { return cmd.list(ctx, api) }
	return ShowResult(ctx, c, list, activityTable)
}

// list returns up to Limit entries. It requests them page by page.
func (cmd *auditListCmd) list(ctx context.Context, api *client.Client) ([]client.ActivityEntry, error) {
	filter, err := cmd.resolve(ctx, api)
	if err != nil {
		return nil, err
	}
	entries := []client.ActivityEntry{}
	for cursor := ""; len(entries) < cmd.Limit; {
		page, err := api.Activity.List(ctx, filter, cursor, min(maxActivityPage, cmd.Limit-len(entries)))
		if err != nil {
			return nil, err
		}
		entries = append(entries, page.Entries...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	return entries, nil
}

func activityTable(entries []client.ActivityEntry) command.Table {
	t := command.Table{Header: []string{"ID", "TIME", "ACTOR", "ACTION", "TARGET", "FROM", "WHAT"}}
	for _, e := range entries {
		t.Rows = append(t.Rows, []string{
			strconv.FormatInt(e.ID, 10),
			command.TimeText(&e.At),
			actorText(e),
			e.Action,
			targetText(e.Target),
			command.OrDash(&e.Source),
			changesText(e),
		})
	}
	return t
}

func actorText(e client.ActivityEntry) string {
	if e.Actor.Name != "" {
		return e.Actor.Name
	}
	if e.Credential.Kind == "operator" {
		return "operator"
	}
	return "-"
}

func targetText(t client.ActivityTarget) string {
	text := t.Kind
	if t.ID != nil {
		text += ":" + strconv.FormatInt(*t.ID, 10)
	}
	return strings.TrimSpace(text + " " + t.Name)
}

// changesText returns the names of the fields that were changed. If one entry stands for several actions, changesText
// returns their number instead.
func changesText(e client.ActivityEntry) string {
	if e.Count > 1 {
		return strconv.Itoa(e.Count) + " times"
	}
	fields := make([]string, len(e.Changes))
	for i, c := range e.Changes {
		fields[i] = c.Field
	}
	joined := strings.Join(fields, ", ")
	return command.OrDash(&joined)
}

type auditExportCmd struct {
	auditFilter
	File string `arg:"" default:"-" help:"The file, - for standard output. An existing one is replaced."`
}

// Help returns the text that --help shows below the usage line.
func (auditExportCmd) Help() string {
	return `Each line is one entry in JSON, in the form of the contract. The file is for your account alone (mode 0600).

Examples:
  usher audit export activity.jsonl
  usher audit export --since 2026-03-01 | jq -r .action | sort | uniq -c`
}

// Run writes the entries to the file while the server sends them.
func (cmd *auditExportCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	filter, err := cmd.resolve(ctx, api)
	if err != nil {
		return err
	}
	entries := int64(0)
	err = c.writeFile(cmd.File, func(to io.Writer) (err error) {
		entries, err = exportActivity(ctx, api, filter, to)
		return err
	})
	if err == nil && cmd.File != "-" {
		c.Say("Wrote %s to %s.", command.CountEntries(entries), cmd.File)
	}
	return err
}

// exportActivity writes the entries that match filter as JSON lines. It returns the number of entries.
func exportActivity(
	ctx context.Context, api *client.Client, filter client.ActivityFilter, to io.Writer,
) (entries int64, err error) {
	out := bufio.NewWriter(to)
	for e, err := range api.Activity.Export(ctx, filter) {
		if err != nil {
			return entries, err
		}
		line, err := json.Marshal(e)
		if err != nil {
			return entries, err
		}
		if _, err := out.Write(append(command.EscapeJSON(line), '\n')); err != nil {
			return entries, err
		}
		entries++
	}
	return entries, out.Flush()
}
