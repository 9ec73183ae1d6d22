package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// KeyCmd groups the commands on the server key. They work directly on the data.
type KeyCmd struct {
	Rotate keyRotateCmd `cmd:"" help:"Replace the server key while servers run, so that the former one opens nothing."`
	List   keyListCmd   `cmd:"" help:"Show the server keys, and what each one seals."`
}

type keyRotateCmd struct {
	dataFlags
	Servers      int    `env:"-" placeholder:"N" help:"Number of running servers that must have the new key. Default: all that answer."`
	Checkpoint   string `env:"-" placeholder:"FILE" help:"File of a checkpoint of the activity log that was kept elsewhere, to verify the log with."`
	AcceptDamage bool   `env:"-" help:"Continue although the activity log was tampered with, or secrets cannot be opened. These secrets are deleted, and the activity log records what was accepted."`
}

// Help returns the text that --help shows below the usage line.
func (keyRotateCmd) Help() string {
	return `Replaces the server key, for example because it has leaked. It works on the data, and servers may run.

The command verifies the activity log, and refuses one that was tampered with. It waits until all running
servers have the new key, from then on seals with it alone, seals everything again that the former key has
sealed, and retires the former key. When it was interrupted, run it again: it continues.

With SQLite and a key file, the command adds the new key to the file, and moves the former one to the file
of the same name that ends in .retired. Backups from before need that key. Without such backups, delete it.

With PostgreSQL, or with USHER_SERVER_KEY, the key is where the operator has put it: first append a new key
(openssl rand -base64 32) as a second line, in the file or variable of every server and of this command.
Servers read the file again by themselves, and a variable only when they start. Afterwards remove the former
key from all files and variables.

A key that has leaked may have been used before the rotation. Change the passwords of the mail server and of
the directory, make a new SAML certificate, and let owners make new keys of the contract.

Examples:
  usher key rotate --data /var/lib/usher
  usher key rotate --server-key-file /etc/usher/server.key --servers 3 --checkpoint /mnt/elsewhere/checkpoint`
}

// Run rotates the server key.
func (cmd *keyRotateCmd) Run(ctx context.Context, e *command.Env) error {
	settings, err := cmd.settings(e)
	if err != nil {
		return err
	}
	verify := auditVerifyCmd{dataFlags: cmd.dataFlags, Checkpoint: cmd.Checkpoint}
	external, err := verify.externalCheckpoint()
	if err != nil {
		return err
	}
	file := ""
	if settings.Database.URL.Empty() { // other servers on PostgreSQL have files of their own
		file = serverKeyFile(settings)
	}
	return cmd.withData(ctx, e, func(ctx context.Context, s *service.Service) error {
		if finished, err := cmd.finishLast(ctx, e, s, file); err != nil || finished {
			return err
		}
		if err := addNewKey(ctx, s, file); err != nil {
			return err
		}
		result, err := s.RotateKey(ctx, service.KeyRotation{
			External: external, Servers: cmd.Servers, Accept: cmd.AcceptDamage,
			Progress: func(text string) { e.Progress("%s", text) },
		})
		if err != nil {
			for _, f := range result.Log.Findings {
				fmt.Fprintln(e.Stdout, command.Printable(findingText(f)))
			}
			return explainRotation(err)
		}
		return showRotation(e, result, file)
	})
}

// finishLast removes retired keys from the file, if a crash has interrupted that step of the last rotation. It reports
// whether it has.
func (cmd *keyRotateCmd) finishLast(
	ctx context.Context, e *command.Env, s *service.Service, file string,
) (finished bool, err error) {
	keys, err := s.ServerKeys(ctx)
	if err != nil || file == "" {
		return false, err
	}
	var retired []string
	for _, k := range keys {
		if k.State == keyring.Retired && s.HasServerKey(k) {
			retired = append(retired, k.ID)
		}
	}
	moved, err := datadir.RetireServerKeys(file, retired)
	if err != nil || moved == "" {
		return false, err
	}
	fmt.Fprintf(e.Stdout, "The last rotation has ended already. The retired key %s was still in %s, and is now in %s.\n",
		strings.Join(retired, ", "), command.Printable(file), command.Printable(moved))
	return true, nil
}

// addNewKey makes sure that the process has a new key: it adds one to the file, unless there is one already, or a
// rotation is under way.
func addNewKey(ctx context.Context, s *service.Service, file string) error {
	keys, err := s.ServerKeys(ctx)
	if err != nil {
		return err
	}
	unknown, err := s.UnknownKeys(ctx)
	if err != nil {
		return err
	}
	underWay := slices.ContainsFunc(keys, func(k keyring.StoredKey) bool {
		return k.State == keyring.Retiring || k.State == keyring.Announced && s.HasServerKey(k)
	})
	switch {
	case underWay || len(unknown) == 1:
		return nil
	case len(unknown) > 1:
		return command.WithHint(fmt.Errorf("%w, and there are %d", service.ErrNoNewKey, len(unknown)),
			"leave the current key and one new key in the file or variable of the server key")
	case file == "":
		return command.WithHint(fmt.Errorf("%w, and there is none", service.ErrNoNewKey),
			"append one (openssl rand -base64 32) as a second line to the file or variable of the server key, on every "+
				"server and here")
	}
	if _, err := datadir.AddServerKey(file); err != nil {
		return command.WithHint(err, "the command must be able to write the file %s", file)
	}
	return s.ReadServerKeys()
}

// explainRotation adds a hint to the error of a rotation that failed.
func explainRotation(err error) error {
	switch {
	case errors.Is(err, account.ErrActivityChanged):
		return command.WithHint(err, "the findings are above, or shown by `usher audit verify`; keep a copy of the data, "+
			"and run the command with --accept-damage to seal the log as it is")
	case errors.Is(err, service.ErrUnreadable):
		return command.WithHint(err, "set these secrets again, or run the command with --accept-damage to delete them; "+
			"all else is sealed with the new key")
	case errors.Is(err, service.ErrKeyNotHeld):
		return command.WithHint(err, "append the new key to the file of the server key on each server, or restart servers "+
			"that take it from a variable, and run the command again; nothing is sealed with the new key yet")
	case errors.Is(err, service.ErrKeyInUse):
		return command.WithHint(err, "run the command again")
	}
	if _, ok := command.Hint(err); ok || errors.Is(err, service.ErrNoNewKey) {
		return err
	}
	return command.WithHint(err, "run the command again: it continues where it was")
}

// showRotation says what was done, removes the former key from the file, and says what is left to do.
func showRotation(e *command.Env, r service.KeyRotationResult, file string) error {
	fmt.Fprintf(e.Stdout, "The server key is %s now. The former one, %s, opens nothing any more.\n", r.New.ID, r.Old.ID)
	for _, text := range r.Discarded {
		fmt.Fprintf(e.Stdout, "Deleted, because it could not be opened: %s\n", command.Printable(text))
	}
	moved := ""
	if file != "" {
		var err error
		if moved, err = datadir.RetireServerKeys(file, []string{r.Old.ID}); err != nil {
			return command.WithHint(err, "run the command again, or remove the former key from %s by hand", file)
		}
	}
	if moved != "" {
		fmt.Fprintf(e.Stdout, "It was moved to %s. Only backups from before need it.\n", command.Printable(moved))
	} else {
		fmt.Fprintln(e.Stdout, "Remove it from the file or variable of the server key on every server. Only backups from before "+
			"need it.")
	}
	if r.Checkpoint != nil {
		fmt.Fprintln(e.Stdout, "Checkpoints of the activity log from before cannot be compared. Keep this one in their place:")
		fmt.Fprintln(e.Stdout, r.Checkpoint)
	}
	return nil
}

type keyListCmd struct{ dataFlags }

// Help returns the text that --help shows below the usage line.
func (keyListCmd) Help() string {
	return `Shows the server keys of the data: id, state, since when, whether this command has the key, and how many rows
the key has sealed or signed. The entries of the activity log are not counted.

Examples:
  usher key list --data /var/lib/usher`
}

// shownKey is a server key in the output of `usher key list`.
type shownKey struct {
	ID    string         `json:"id"`
	Check string         `json:"check"`
	State string         `json:"state"`
	Since string         `json:"since"`
	Held  bool           `json:"held"`
	Uses  map[string]int `json:"uses"`
}

// Run lists the server keys.
func (cmd *keyListCmd) Run(ctx context.Context, e *command.Env) error {
	return cmd.withData(ctx, e, func(ctx context.Context, s *service.Service) error {
		keys, err := s.ServerKeys(ctx)
		if err != nil {
			return err
		}
		uses, err := s.KeyUses(ctx)
		if err != nil {
			return err
		}
		shown := make([]shownKey, len(keys))
		table := command.Table{Header: []string{"ID", "STATE", "SINCE", "HELD", "SEALS"}}
		for i, k := range keys {
			shown[i] = shownKey{
				ID: k.ID, Check: fmt.Sprintf("%x", k.Value), State: string(k.State), Since: command.TimeText(&k.Since),
				Held: s.HasServerKey(k), Uses: map[string]int{},
			}
			var seals []string
			for _, u := range uses {
				if u.KeyID == k.ID {
					shown[i].Uses[u.Table] = u.Rows
					seals = append(seals, fmt.Sprintf("%s %d", u.Table, u.Rows))
				}
			}
			held := "no"
			if shown[i].Held {
				held = "yes"
			}
			table.Rows = append(table.Rows, []string{k.ID, string(k.State), shown[i].Since, held, strings.Join(seals, ", ")})
		}
		return e.Show(shown, table)
	})
}

// settings returns the settings of a server on the data, with its secrets.
func (d *dataFlags) settings(e *command.Env) (*config.Server, error) {
	settings := &config.Server{Data: d.Data, ServerKeyFile: d.ServerKeyFile}
	return settings, settings.LoadSecrets(e.LookupEnv)
}
