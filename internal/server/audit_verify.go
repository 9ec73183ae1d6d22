package server

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// progressEntries is the number of entries that are verified between two lines of progress output.
const progressEntries = 100_000

// AuditCmd are the commands of `usher audit` that read the data directly. They don't ask a server, because a server
// that was tampered with could hide it.
type AuditCmd struct {
	Verify     auditVerifyCmd     `cmd:"" help:"Find out whether the activity log in a data directory was tampered with."`
	Checkpoint auditCheckpointCmd `cmd:"" help:"Write a checkpoint of the activity log in a data directory, to be kept elsewhere."`
}

type auditVerifyCmd struct {
	dataFlags
	Checkpoint string `env:"-" placeholder:"FILE" help:"File of a checkpoint that was kept elsewhere: entries cut off since then show too."`
}

// Help returns the text that --help shows below the usage line.
func (auditVerifyCmd) Help() string {
	return `Works on the data directory, not through a server, and needs the server key. The server may be running.

Each entry of the activity log has a seal over itself and the seal before it, made with the server key
within a second of its writing. An entry that was edited, removed, moved, or sealed without the key shows by
its seal. Entries cut off from the end of the log show only by a checkpoint outside the database. The server
writes one to its log, and to the file ` + "`activity-checkpoint`" + ` of the data directory, every 1,000
entries and every hour; the file is compared when no other is given. To find changes by someone who can
write that file too, keep a checkpoint elsewhere: ` + "`usher audit checkpoint`" + ` makes one.

After an older database was put back by other means than ` + "`usher restore`" + `, move the file away
before the server is started: it would not seal entries otherwise.

The exit code is 1 when anything was found.

Examples:
  usher audit verify --data /var/lib/usher
  usher audit verify --checkpoint /mnt/elsewhere/checkpoint`
}

// Run verifies the activity log and writes a report.
func (cmd *auditVerifyCmd) Run(ctx context.Context, e *command.Env) error {
	external, err := cmd.externalCheckpoint()
	if err != nil {
		return err
	}
	return cmd.withData(ctx, e, func(ctx context.Context, s *service.Service) error {
		start := e.Now()
		report, err := s.VerifyActivity(ctx, external, func(read int64) {
			if read%progressEntries == 0 {
				e.Progress("verified %s …", command.CountEntries(read))
			}
		})
		if err != nil {
			return err
		}
		e.Progress("done in %s", e.Now().Sub(start).Round(time.Millisecond))
		return showVerification(e, report, cmd.Checkpoint != "")
	})
}

// externalCheckpoint returns the checkpoint that is given by the flag, or else the one in the data directory. It
// returns nil if there is neither.
func (cmd *auditVerifyCmd) externalCheckpoint() (*account.Checkpoint, error) {
	if cmd.Checkpoint != "" {
		c, err := datadir.ReadCheckpoint(cmd.Checkpoint)
		return &c, err
	}
	c, err := datadir.CheckpointStore{Data: cmd.Data}.Checkpoint()
	if errors.Is(err, account.ErrNotFound) {
		return nil, nil
	}
	return &c, err
}

// showVerification writes a report, and fails if the report has findings. If the operator gave no checkpoint to compare
// with (checkpointGiven is false), it also shows a new checkpoint.
func showVerification(e *command.Env, r audit.Report, checkpointGiven bool) error {
	for _, f := range r.Findings {
		fmt.Fprintln(e.Stdout, command.Printable(findingText(f)))
	}
	if more := r.FindingCount - len(r.Findings); more > 0 {
		fmt.Fprintf(e.Stdout, "… and %d more\n", more)
	}
	fmt.Fprintf(e.Stdout, "%s verified, up to number %d.\n", command.CountEntries(r.Verified), r.Head.Number)
	if r.Anchor.Number > 0 {
		fmt.Fprintf(e.Stdout, "Those up to number %d, of %s, were removed by retention.\n",
			r.Anchor.Number, command.TimeText(&r.Anchor.At))
	}
	if r.Unsealed > 0 {
		fmt.Fprintf(e.Stdout, "%s not sealed yet, and so not protected.\n", entriesAre(r.Unsealed))
	}
	switch r.Compared {
	case audit.ComparedEqual:
		fmt.Fprintln(e.Stdout, "The log continues from the checkpoint kept outside the database.")
	case audit.ComparedTooOld:
		fmt.Fprintln(e.Stdout,
			"The checkpoint kept outside the database is of an entry that retention has removed, so it cannot be compared.")
	}
	if r.Compared == audit.ComparedRetired {
		fmt.Fprintf(e.Stdout, "The checkpoint kept outside the database was made with the server key %s, which is retired, "+
			"so it cannot be compared.\n", r.RetiredKey)
	}
	if r.FindingCount > 0 {
		return command.WithHint(errors.New("the activity log was tampered with"),
			"keep a copy of the data directory as it is, and compare with a backup")
	}
	if r.Checkpoint != nil && (!checkpointGiven || r.Compared == audit.ComparedRetired) {
		fmt.Fprintln(e.Stdout, "A checkpoint to keep elsewhere, without which a cut-off end may not show:")
		fmt.Fprintln(e.Stdout, r.Checkpoint)
	}
	if r.Compared == audit.ComparedRetired {
		return command.WithHint(errors.New("the checkpoint is from before a rotation of the server key"),
			"keep the checkpoint above in its place; entries cut off between the two do not show")
	}
	return nil
}

// entriesAre returns the number of entries with the verb: "1 entry is" or "7 entries are".
func entriesAre(n int) string {
	if n == 1 {
		return "1 entry is"
	}
	return strconv.Itoa(n) + " entries are"
}

// findingText formats a finding, such as "missing: numbers 3 to 7 (entry 9): removed".
func findingText(f audit.Finding) string {
	var where []string
	switch {
	case f.From == 0:
	case f.From == f.To:
		where = append(where, fmt.Sprintf("number %d", f.From))
	default:
		where = append(where, fmt.Sprintf("numbers %d to %d", f.From, f.To))
	}
	if f.EntryID != 0 {
		where = append(where, fmt.Sprintf("(entry %d)", f.EntryID))
	}
	if len(where) == 0 {
		return string(f.Kind) + ": " + f.Message
	}
	return string(f.Kind) + ": " + strings.Join(where, " ") + ": " + f.Message
}

type auditCheckpointCmd struct {
	dataFlags
}

// Help returns the text that --help shows below the usage line.
func (auditCheckpointCmd) Help() string {
	return `Works on the data directory, as ` + "`usher audit verify`" + ` does, and changes nothing. Keep its output,
one line, where no one who can change the data can change it: on another machine, or on paper.

Examples:
  usher audit checkpoint --data /var/lib/usher > checkpoint`
}

// Run writes a new checkpoint to standard output.
func (cmd *auditCheckpointCmd) Run(ctx context.Context, e *command.Env) error {
	return cmd.withData(ctx, e, func(ctx context.Context, s *service.Service) error {
		c, err := s.ActivityCheckpoint(ctx)
		if errors.Is(err, account.ErrNothingSealed) {
			return command.WithHint(err, "a running server seals entries within a second")
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(e.Stdout, c)
		return err
	})
}
