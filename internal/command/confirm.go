package command

import (
	"context"
	"errors"
	"strings"
)

// CanConfirm fails if confirmed is false and there is no terminal: then ConfirmDelete could not ask. A
// command calls CanConfirm before its first request.
func (e *Env) CanConfirm(confirmed bool) error {
	if !confirmed && e.Prompter == nil {
		return WithHint(UsageErrorf("there is no terminal to ask at"), "add --yes to delete without being asked")
	}
	return nil
}

// ConfirmDelete asks the user whether object may be deleted, and fails if the user says no. It doesn't ask
// if confirmed is true.
func (e *Env) ConfirmDelete(ctx context.Context, confirmed bool, object string) error {
	if confirmed {
		return nil
	}
	answer, err := e.Prompter.Line(ctx, Printable("Delete "+object+"? [y/N]"))
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return errors.New("nothing was deleted")
	}
	return nil
}
