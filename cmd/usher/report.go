package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// usageError is a command line that is wrong.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// report tells why a command failed, what is wrong with which value, and what to
// do next, and returns the exit code. A nil error is a success.
func (a *app) report(err error) int {
	if err == nil {
		return exitOK
	}
	message, details := explainError(err)
	fmt.Fprintf(a.stderr, "usher: %s\n", printable(message))
	for _, d := range details {
		fmt.Fprintf(a.stderr, "  %s\n", printable(d))
	}
	if hint := a.hintFor(err); hint != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", printable(hint))
	}
	_, wrongUsage := errors.AsType[usageError](err)
	_, wrongSyntax := errors.AsType[*kong.ParseError](err)
	if wrongUsage || wrongSyntax {
		return exitUsage
	}
	return exitFailure
}

// explainError puts an error into words for a person.
func explainError(err error) (message string, details []string) {
	answer, answered := errors.AsType[*client.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted", nil
	case errors.Is(err, context.DeadlineExceeded):
		return "the server took too long", nil
	case !answered:
		if refused, ok := errors.AsType[*account.Error](err); ok { // of `usher serve` and `usher admin`
			for _, d := range refused.Details {
				details = append(details, strings.TrimPrefix(d.Path, "/")+": "+d.Message)
			}
			return refused.Message, details
		}
		if unreached, ok := errors.AsType[*url.Error](err); ok {
			return "no answer from the server: " + unreached.Err.Error(), nil
		}
		return strings.TrimPrefix(err.Error(), "usher: "), nil
	}
	for _, d := range answer.Details {
		// A single user is created by an array of one.
		field := strings.TrimPrefix(strings.TrimPrefix(d.Path, "/0"), "/")
		details = append(details, strings.TrimPrefix(field+": "+d.Message, ": "))
	}
	message = answer.Message
	if answer.Code == "" {
		message = fmt.Sprintf("the server answered %d: %s", answer.StatusCode, answer.Message)
	}
	if answer.StatusCode >= http.StatusInternalServerError && answer.RequestID != "" {
		details = append(details, "request "+answer.RequestID)
	}
	return message, details
}

// hintFor says what to do about an error, or "" if nobody knows.
func (a *app) hintFor(err error) string {
	if h, ok := errors.AsType[*hinted](err); ok {
		return h.hint
	}
	if parse, ok := errors.AsType[*kong.ParseError](err); ok {
		command := "usher"
		if parse.Context != nil && parse.Context.Selected() != nil {
			command = parse.Context.Selected().FullPath()
		}
		return fmt.Sprintf("`%s --help` shows what it takes", command)
	}
	if answer, ok := errors.AsType[*client.Error](err); ok {
		return a.hintForAnswer(answer)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "if the server's certificate is your own, name its authority with --ca-file"
	}
	if _, ok := errors.AsType[*url.Error](err); ok && a.ctx.Err() == nil {
		return fmt.Sprintf("is a server running at %s? Start one with `usher serve`, or name another with --server", a.flags.Server)
	}
	return ""
}

// lists names the command that lists what the one that runs is about.
func (a *app) lists() string {
	for _, noun := range []string{"users", "roles", "keys", "sessions", "mail", "audit"} {
		if strings.HasPrefix(a.command, noun+" ") {
			return fmt.Sprintf("`usher %s list` shows what there is", noun)
		}
	}
	return "`usher users list`, `usher roles list`, `usher keys list`, `usher sessions list` and `usher mail list` show what there is"
}

func (a *app) hintForAnswer(answer *client.Error) string {
	switch answer.Code {
	case client.CodeInvalid:
		return "mend what is named above and try again"
	case client.CodeUnauthorized:
		if a.tokenGiven() {
			return "the token of USHER_TOKEN or --token-file is not valid: it is mistyped, or has ended; `usher login` and no such token uses a session"
		}
		return "sign in with `usher login`"
	case client.CodeInvalidCredentials:
		return "check the address and the password; after several failures an account is locked for a while"
	case client.CodePasswordChangeRequired, client.CodeUsePasswordChange:
		return "change your password with `usher password change`"
	case client.CodeWrongPassword:
		return "try again; after several failures the session ends"
	case client.CodeForbidden:
		if a.tokenGiven() {
			return "`usher whoami` shows what you may do; an API key may be narrower than its owner"
		}
		return "`usher whoami` shows what you may do"
	case client.CodeNotFound:
		return a.lists()
	case client.CodeEmailTaken:
		return "choose another address, or change the user that has it: `usher users get ADDRESS`"
	case client.CodeLastAdministrator:
		return "make another administrator first: `usher users roles USER --set 1`"
	case client.CodeBuiltInRole:
		return "copy it, and change the copy: `usher roles copy ROLE --name NAME`"
	case client.CodeRoleNameTaken:
		return "choose another name, or change the role that has it: `usher roles get NAME`"
	case client.CodeRoleInUse:
		return "say which role its users get: `usher roles delete ROLE --replace-with ROLE`"
	case client.CodePermissionNeedsRead:
		return "grant reading the same too, as --grant user:read beside --grant user:edit"
	case client.CodeNotLocalUser:
		return "change the password where this user signs in"
	case client.CodeInactiveUser:
		return "let the user sign in first: `usher users update USER --active`"
	case client.CodeNoAPIKey:
		return "make one with `usher keys contract renew`"
	case client.CodeTooManyKeys:
		return "`usher keys list` shows them, and `usher keys delete ID` ends one"
	case client.CodeSetByOperator:
		return "change the flag or the variable with which the server is started, and start it again"
	case client.CodeInvalidRecoveryToken:
		return "ask for a new message with `usher password forgot EMAIL`"
	case client.CodeTooManyRequests, client.CodeUnavailable:
		return fmt.Sprintf("try again in %s", max(answer.RetryAfter, time.Second))
	case client.CodeInternal:
		return "the server's log tells more about the request named above"
	case "", client.CodeNoSuchPath, client.CodeMethodNotAllowed:
		return fmt.Sprintf("is there an Usher server at %s? Name another with --server", a.flags.Server)
	}
	return ""
}
