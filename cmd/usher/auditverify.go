package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// progressEntries is how many entries are verified between two lines of progress.
const progressEntries = 100_000

type auditVerifyCmd struct {
	dataFlags
	Checkpoint string `env:"-" placeholder:"FILE" help:"File of a checkpoint that was kept elsewhere: what was cut off since it was made shows too."`
}

// Help is the text below the usage line.
func (auditVerifyCmd) Help() string {
	return `Works on the data directory, not through a server, and needs the server key. The server may be running.

Each entry of the activity log has a seal over itself and the seal before it, made with the server key within a second of its
writing. So it shows when an entry was edited, removed, moved, or sealed without the key. That the end of the log was cut off,
and what tells where it was set back too, shows only by a checkpoint outside the database. The server writes one to its log, and to
the file ` + "`activity-checkpoint`" + ` of the data directory, every 1,000 entries and every hour; the file is compared when no other is given.
Whoever can change the file too is found by a checkpoint kept elsewhere, as ` + "`usher audit checkpoint`" + ` makes.

After an older database was put back by other means than ` + "`usher restore`" + `, move the file away before the server is started: it would not seal entries otherwise.

The exit code is 1 when anything was found.

Examples:
  usher audit verify --data /var/lib/usher
  usher audit verify --checkpoint /mnt/elsewhere/checkpoint`
}

// Run verifies the log and reports.
func (cmd *auditVerifyCmd) Run(a *app) error {
	kept, err := cmd.kept()
	if err != nil {
		return err
	}
	return cmd.with(a, func(ctx context.Context, s *service.Service) error {
		start := a.now()
		report, err := s.VerifyActivity(ctx, kept, func(read int64) {
			if read%progressEntries == 0 {
				a.progress("verified %s …", countEntries(read))
			}
		})
		if err != nil {
			return err
		}
		a.progress("done in %s", a.now().Sub(start).Round(time.Millisecond))
		return a.verdict(report, cmd.Checkpoint != "")
	})
}

// kept is the checkpoint that was given, or else the one beside the database; nil
// where there is none.
func (cmd *auditVerifyCmd) kept() (*account.Checkpoint, error) {
	if cmd.Checkpoint != "" {
		c, err := readCheckpoint(cmd.Checkpoint)
		return &c, err
	}
	c, err := fileWitness{cmd.Data}.Checkpoint()
	if errors.Is(err, account.ErrNotFound) {
		return nil, nil
	}
	return &c, err
}

// verdict shows a report, and fails when anything was found. given says whether a
// checkpoint from elsewhere was compared.
func (a *app) verdict(r audit.Report, given bool) error {
	for _, f := range r.Findings {
		fmt.Fprintln(a.stdout, printable(findingText(f)))
	}
	if more := r.Found - len(r.Findings); more > 0 {
		fmt.Fprintf(a.stdout, "… and %d more\n", more)
	}
	fmt.Fprintf(a.stdout, "%s verified, up to number %d.\n", countEntries(r.Verified), r.Head.Number)
	if r.Anchor.Number > 0 {
		fmt.Fprintf(a.stdout, "Those up to number %d, of %s, were removed by retention.\n", r.Anchor.Number, timeText(&r.Anchor.At))
	}
	if r.Unsealed > 0 {
		fmt.Fprintf(a.stdout, "%s not sealed yet, and so not protected.\n", entriesAre(r.Unsealed))
	}
	switch r.Compared {
	case audit.ComparedEqual:
		fmt.Fprintln(a.stdout, "The log goes on from the checkpoint kept outside the database.")
	case audit.ComparedOlder:
		fmt.Fprintln(a.stdout, "The checkpoint kept outside the database is of an entry that retention has removed, so it cannot be compared.")
	}
	if r.Found > 0 {
		return withHint(errors.New("the activity log was tampered with"),
			"keep a copy of the data directory as it is, and compare with a backup")
	}
	if r.Checkpoint != nil && !given {
		fmt.Fprintln(a.stdout, "A checkpoint to keep elsewhere, without which a cut-off end may not show:")
		fmt.Fprintln(a.stdout, r.Checkpoint)
	}
	return nil
}

func entriesAre(n int) string {
	if n == 1 {
		return "1 entry is"
	}
	return strconv.Itoa(n) + " entries are"
}

// findingText writes a finding as "numbers 3 to 7 (entry 9): removed".
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

// Help is the text below the usage line.
func (auditCheckpointCmd) Help() string {
	return `Works on the data directory, as ` + "`usher audit verify`" + ` does, and changes nothing. Keep what it writes, one line, where nobody who can
change the data can change it: on another machine, or on paper.

Examples:
  usher audit checkpoint --data /var/lib/usher > checkpoint`
}

// Run writes a checkpoint.
func (cmd *auditCheckpointCmd) Run(a *app) error {
	return cmd.with(a, func(ctx context.Context, s *service.Service) error {
		c, err := s.ActivityCheckpoint(ctx)
		if errors.Is(err, account.ErrNothingSealed) {
			return withHint(err, "a running server seals entries within a second")
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.stdout, c)
		return err
	})
}
