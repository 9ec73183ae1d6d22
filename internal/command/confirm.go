package command

import (
	"context"
	"errors"
	"strings"
)

// CanConfirm fails if a question is to be asked (yes is false) and there is no terminal to ask at. A command
// calls it before it sends its first request.
func (e *Env) CanConfirm(yes bool) error {
	if !yes && e.Prompter == nil {
		return WithHint(UsageErrorf("there is no terminal to ask at"), "add --yes to delete without being asked")
	}
	return nil
}

// ConfirmDelete asks whether object may be deleted, unless yes, and fails if it may not.
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
