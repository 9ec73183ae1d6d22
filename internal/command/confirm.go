package command

import (
	"context"
	"errors"
	"strings"
)

// CanConfirm fails if ConfirmDelete would have to ask, because yes is false, and there is no terminal. A
// command calls CanConfirm before its first request.
func (e *Env) CanConfirm(yes bool) error {
	if !yes && e.Prompter == nil {
		return WithHint(UsageErrorf("there is no terminal to ask at"), "add --yes to delete without being asked")
	}
	return nil
}

// ConfirmDelete asks the user whether object may be deleted, and fails if the user says no. It doesn't ask
// if yes is true.
func (e *Env) ConfirmDelete(ctx context.Context, yes bool, object string) error {
	if yes {
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
