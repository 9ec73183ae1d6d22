package account

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code names a kind of failure. Codes are stable: clients decide on them, and
// each transport maps them in one table to what it answers.
type Code string

// The codes, each with what the caller can do about it.
const (
	CodeInvalid                Code = "INVALID_PAYLOAD_FORMAT"   // mend the fields that Details name
	CodeInvalidRecoveryToken   Code = "INVALID_RECOVERY_TOKEN"   // ask for a new recovery message
	CodeUnauthorized           Code = "UNAUTHORIZED"             // sign in; the credential is missing, unknown or expired
	CodeInvalidCredentials     Code = "INVALID_CREDENTIALS"      // sign-in failed; it is never told why
	CodeForbidden              Code = "FORBIDDEN"                // ask for the permission
	CodeWrongPassword          Code = "WRONG_PASSWORD"           // the current password was mistyped
	CodePasswordChangeRequired Code = "PASSWORD_CHANGE_REQUIRED" // change the password first
	CodeUsePasswordChange      Code = "USE_PASSWORD_CHANGE"      // one's own password has an operation of its own
	CodeNotFound               Code = "NOT_FOUND"                // there is no such thing, or none that the caller may see
	CodeEmailTaken             Code = "EMAIL_TAKEN"              // choose another address
	CodeLastAdministrator      Code = "LAST_ADMINISTRATOR"       // make another administrator first
	CodeNotLocalUser           Code = "NOT_LOCAL_USER"           // the password is kept by another provider
	CodeInactiveUser           Code = "INACTIVE_USER"            // activate the user first
	CodeImportState            Code = "IMPORT_STATE"             // the import has come too far, or is being undone
	CodeNoAPIKey               Code = "NO_API_KEY"               // make one first
	CodeTooManyKeys            Code = "TOO_MANY_KEYS"            // end a key first
	CodeBuiltInRole            Code = "BUILT_IN_ROLE"            // copy the role, and change the copy
	CodeRoleNameTaken          Code = "ROLE_NAME_TAKEN"          // choose another name
	CodeRoleChanged            Code = "ROLE_CHANGED"             // look at the role again; the API has no operation that fails so
	CodeRoleInUse              Code = "ROLE_IN_USE"              // say by which role it is to be replaced
	CodePermissionNeedsRead    Code = "PERMISSION_NEEDS_READ"    // add the permissions to read that Details name
	CodeSetByOperator          Code = "SET_BY_OPERATOR"          // change it where the server is started
	CodeTooLarge               Code = "PAYLOAD_TOO_LARGE"        // send less at once
	CodeTooManyRequests        Code = "TOO_MANY_REQUESTS"        // wait for RetryAfter
	CodeUnavailable            Code = "UNAVAILABLE"              // try again after RetryAfter; nothing was changed
	CodeInternal               Code = "INTERNAL_SERVER_ERROR"    // a fault of the server
)

// Error is a failure that a caller decides on. Message and Details are written
// for people and never hold a secret or a rejected value; Err, the cause, is for
// the log alone.
type Error struct {
	Code       Code
	Message    string
	Details    []Detail
	RetryAfter time.Duration // with CodeTooManyRequests and CodeUnavailable
	Err        error
}

// Detail says what is wrong with one part of the input. Path is a JSON pointer
// (RFC 6901) into it, "/0/email" say.
type Detail struct {
	Path    string
	Message string
}

// Error describes the failure for a log line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Code, e.Message)
	for _, d := range e.Details {
		fmt.Fprintf(&b, "; %s: %s", d.Path, d.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorCode returns the code of err: that of the [Error] in its chain, or
// CodeInternal where there is none. It is "" for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// Invalid is the failure of an input whose parts are wrong in the ways given.
func Invalid(details ...Detail) *Error {
	return &Error{Code: CodeInvalid, Message: "The request has parts that are not valid.", Details: details}
}

func Unauthorized() *Error {
	return &Error{Code: CodeUnauthorized, Message: "A valid credential is required."}
}

func InvalidCredentials() *Error {
	return &Error{Code: CodeInvalidCredentials, Message: "The address and the password do not match an account that may sign in."}
}

func Forbidden() *Error {
	return &Error{Code: CodeForbidden, Message: "You do not have the permission to do this."}
}

// NotFound is the failure of a thing that is not there, or that the caller may not
// see.
func NotFound() *Error {
	return &Error{Code: CodeNotFound, Message: "There is no such thing, or none that you may see."}
}

func NotLocalUser() *Error {
	return &Error{Code: CodeNotLocalUser, Message: "Another provider keeps the password of this user."}
}

func UsePasswordChange() *Error {
	return &Error{Code: CodeUsePasswordChange, Message: "Change your own password with the operation that asks for the current one."}
}

func TooManyRequests(retryAfter time.Duration) *Error {
	return &Error{Code: CodeTooManyRequests, Message: "Too many attempts. Wait before you try again.", RetryAfter: retryAfter}
}
