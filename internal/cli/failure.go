package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
)

// DescribeError returns the message and the details of an error. ok is false unless the error is the server's response
// or a failed connection.
func DescribeError(err error) (message string, details []string, ok bool) {
	if answer, ok := errors.AsType[*client.Error](err); ok {
		message, details = describeAnswer(answer)
		return message, details, true
	}
	if failure, ok := errors.AsType[*url.Error](err); ok {
		return "no answer from the server: " + failure.Err.Error(), nil, true
	}
	return "", nil, false
}

func describeAnswer(answer *client.Error) (message string, details []string) {
	for _, d := range answer.Details {
		// The API creates a list of users, and the command sends a list with one user: drop its index 0 from the path.
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

// HintFor returns advice on an error that the server has answered with, or on a failed connection. It returns "" if it
// has no advice. commandPath is the command that failed, such as "users list".
func (c *CLI) HintFor(ctx context.Context, err error, commandPath string) string {
	if answer, ok := errors.AsType[*client.Error](err); ok {
		return c.hintForAnswer(answer, commandPath)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "if the server's certificate is your own, name its authority with --ca-file"
	}
	if _, ok := errors.AsType[*url.Error](err); ok && ctx.Err() == nil {
		return fmt.Sprintf("is a server running at %s? Start one with `usher serve`, or name another with --server", c.server)
	}
	return ""
}

// hintForNotFound names the command that lists the existing objects of the kind that was not found.
func hintForNotFound(commandPath string) string {
	for _, noun := range []string{"users", "roles", "keys", "sessions", "mail", "audit"} {
		if strings.HasPrefix(commandPath, noun+" ") {
			return fmt.Sprintf("`usher %s list` shows what there is", noun)
		}
	}
	return "`usher users list`, `usher roles list`, `usher keys list`, `usher sessions list` and `usher mail list` " +
		"show what there is"
}

func (c *CLI) hintForAnswer(answer *client.Error, commandPath string) string {
	switch answer.Code {
	case client.CodeInvalid:
		return "correct what is named above and try again"
	case client.CodeUnauthorized:
		if c.tokenGiven() {
			return "the token of USHER_TOKEN or --token-file is not valid: it is mistyped, expired or revoked; " +
				"to use a session instead, unset the token and run `usher login`"
		}
		return "sign in with `usher login`"
	case client.CodeInvalidCredentials:
		return "check the address and the password; after several failures an account is locked for a while"
	case client.CodePasswordChangeRequired, client.CodeUsePasswordChange:
		return "change your password with `usher password change`"
	case client.CodeWrongPassword:
		return "try again; after several failures the session ends"
	case client.CodeForbidden:
		if c.tokenGiven() {
			return "`usher whoami` shows what you may do; an API key may be narrower than its owner"
		}
		return "`usher whoami` shows what you may do"
	case client.CodeNotFound:
		return hintForNotFound(commandPath)
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
		return "grant read on the same entity too, as --grant user:read with --grant user:edit"
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
		return fmt.Sprintf("is there an Usher server at %s? Name another with --server", c.server)
	}
	return ""
}

// fileError adds the verb and the path of a file to an error, as in "write users.csv: …". It returns nil if err is nil.
func fileError(verb, path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", verb, path, err)
}
