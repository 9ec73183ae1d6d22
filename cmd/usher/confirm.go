package main

import (
	"errors"
	"strings"
)

// mayConfirm fails when something is to be asked first and there is nobody to ask.
func (a *app) mayConfirm(yes bool) error {
	if !yes && a.prompt == nil {
		return withHint(usage("there is no terminal to ask at"), "add --yes to delete without being asked")
	}
	return nil
}

// confirmDelete asks whether something may be deleted, unless yes, and fails if
// it may not.
func (a *app) confirmDelete(yes bool, what string) error {
	if yes {
		return nil
	}
	answer, err := a.prompt.Line(a.ctx, printable("Delete "+what+"? [y/N]"))
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return errors.New("nothing was deleted")
	}
	return nil
}
