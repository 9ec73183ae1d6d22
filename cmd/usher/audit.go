package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
)

// auditCmd groups what is done with the activity log. List and export ask a
// server; verify and checkpoint work on the data itself, since a server that was
// tampered with cannot vouch for itself.
type auditCmd struct {
	List       auditListCmd       `cmd:"" help:"List the activity log, newest first."`
	Export     auditExportCmd     `cmd:"" help:"Write the activity log as JSON lines, oldest first."`
	Verify     auditVerifyCmd     `cmd:"" help:"Find out whether the activity log in a data directory was tampered with."`
	Checkpoint auditCheckpointCmd `cmd:"" help:"Make a checkpoint of the activity log in a data directory, to be kept elsewhere."`
}

// auditFilter selects entries of the activity log.
type auditFilter struct {
	Actor  userArg `env:"-" placeholder:"USER" help:"Only what this user did: id or e-mail address."`
	Action string  `env:"-" placeholder:"NAME" help:"Only this action, as user.update, or all of one noun, as 'user.*'."`
	Target string  `env:"-" placeholder:"KIND[:ID]" help:"Only what was done to this kind of thing, as user, or to one of them, as user:18."`
	Since  when    `env:"-" placeholder:"TIME" help:"Only from this time on: 2026-03-01, or 2026-03-01T09:30:00Z."`
	Until  when    `env:"-" placeholder:"TIME" help:"Only before this time."`
}

// when is a day or a time of the command line.
type when struct{ time.Time }

// UnmarshalText reads a day, in UTC, or a time.
func (w *when) UnmarshalText(text []byte) (err error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if w.Time, err = time.Parse(layout, string(text)); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%q is neither a day, as 2026-03-01, nor a time, as 2026-03-01T09:30:00Z", text)
}

// of turns what was typed into a filter; an address is looked up.
func (f *auditFilter) of(a *app, c *client.Client) (client.ActivityFilter, error) {
	filter := client.ActivityFilter{Action: f.Action, From: f.Since.Time, To: f.Until.Time}
	if f.Actor != "" {
		id, err := strconv.ParseInt(string(f.Actor), 10, 64)
		if err != nil { // of somebody who is gone the id alone is left
			u, err := f.Actor.find(a, c)
			if err != nil {
				return filter, err
			}
			id = u.ID
		}
		filter.ActorID = id
	}
	if f.Target != "" {
		kind, id, one := strings.Cut(f.Target, ":")
		filter.TargetKind = kind
		if one {
			n, err := strconv.ParseInt(id, 10, 64)
			if err != nil || n < 1 {
				return filter, usage("%q is not a kind of thing with an id, as user:18", f.Target)
			}
			filter.TargetID = n
		}
	}
	return filter, nil
}

type auditListCmd struct {
	auditFilter
	Limit int `env:"-" default:"100" placeholder:"N" help:"At most this many entries. Default: ${default}."`
}

// Help is the text below the usage line.
func (auditListCmd) Help() string {
	return `Examples:
  usher audit list
  usher audit list --actor ada@example.com --since 2026-03-01
  usher audit list --action 'user.*' --target user:18 --output json`
}

// Run lists entries, a page at a time.
func (cmd *auditListCmd) Run(a *app) error {
	if cmd.Limit < 1 {
		return usage("--limit must be at least 1")
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	filter, err := cmd.of(a, c)
	if err != nil {
		return err
	}
	const most = 1000 // of a page
	entries := []client.ActivityEntry{}
	for cursor := ""; len(entries) < cmd.Limit; {
		page, err := c.Activity(a.ctx, filter, cursor, min(most, cmd.Limit-len(entries)))
		if err != nil {
			return err
		}
		entries = append(entries, page.Entries...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	t := table{header: []string{"ID", "TIME", "ACTOR", "ACTION", "TARGET", "FROM", "WHAT"}}
	for _, e := range entries {
		t.rows = append(t.rows, []string{
			strconv.FormatInt(e.ID, 10), timeText(&e.At), actorText(e), e.Action, targetText(e.Target), orDash(&e.Source), changesText(e),
		})
	}
	return a.show(entries, t)
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

// changesText names the fields that changed, or how often it happened.
func changesText(e client.ActivityEntry) string {
	if e.Count > 1 {
		return strconv.Itoa(e.Count) + " times"
	}
	fields := make([]string, len(e.Changes))
	for i, c := range e.Changes {
		fields[i] = c.Field
	}
	joined := strings.Join(fields, ", ")
	return orDash(&joined)
}

type auditExportCmd struct {
	auditFilter
	File string `arg:"" default:"-" help:"The file, - for standard output. An existing one is replaced."`
}

// Help is the text below the usage line.
func (auditExportCmd) Help() string {
	return `Each line is one entry in JSON, as the contract has it. The file is for your account alone (mode 0600).

Examples:
  usher audit export activity.jsonl
  usher audit export --since 2026-03-01 | jq -r .action | sort | uniq -c`
}

// Run writes entries as they arrive.
func (cmd *auditExportCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	filter, err := cmd.of(a, c)
	if err != nil {
		return err
	}
	if cmd.File == "-" {
		_, err := exportActivity(a, c, filter, a.stdout)
		return err
	}
	file, err := createPrivate(cmd.File)
	if err != nil {
		return fmt.Errorf("write %s: %w", cmd.File, err)
	}
	defer file.discard()
	n, err := exportActivity(a, c, filter, file)
	if err != nil {
		return err
	}
	if err := file.commit(); err != nil {
		return fmt.Errorf("write %s: %w", cmd.File, err)
	}
	a.say("Wrote %s to %s.", countEntries(int64(n)), cmd.File)
	return nil
}

func exportActivity(a *app, c *client.Client, filter client.ActivityFilter, to io.Writer) (n int, err error) {
	out := bufio.NewWriter(to)
	for e, err := range c.ExportActivity(a.ctx, filter) {
		if err != nil {
			return n, err
		}
		line, err := json.Marshal(e)
		if err != nil {
			return n, err
		}
		if _, err := out.Write(append(escapeSteering(line), '\n')); err != nil {
			return n, err
		}
		n++
	}
	return n, out.Flush()
}

func countEntries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return strconv.FormatInt(n, 10) + " entries"
}
