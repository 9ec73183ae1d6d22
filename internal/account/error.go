package account

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code identifies a kind of failure. Clients decide by it, so codes never change. Each transport,
// such as HTTP, maps codes to its responses in one table.
type Code string

// The codes. Each comment gives the cause, or what the caller can do.
const (
	CodeInvalid                Code = "INVALID_PAYLOAD_FORMAT"   // fix the fields that Details name
	CodeInvalidRecoveryToken   Code = "INVALID_RECOVERY_TOKEN"   // request a new recovery mail
	CodeUnauthorized           Code = "UNAUTHORIZED"             // sign in: the credential is missing or not valid
	CodeInvalidCredentials     Code = "INVALID_CREDENTIALS"      // sign-in failed; the response never tells the cause
	CodeForbidden              Code = "FORBIDDEN"                // ask for the permission
	CodeWrongPassword          Code = "WRONG_PASSWORD"           // retype the current password
	CodePasswordChangeRequired Code = "PASSWORD_CHANGE_REQUIRED" // change the password first
	CodeUsePasswordChange      Code = "USE_PASSWORD_CHANGE"      // change your own password instead
	CodeNotFound               Code = "NOT_FOUND"                // doesn't exist, or is hidden from the caller
	CodeEmailTaken             Code = "EMAIL_TAKEN"              // choose another address
	CodeLastAdministrator      Code = "LAST_ADMINISTRATOR"       // add another administrator first
	CodeNotLocalUser           Code = "NOT_LOCAL_USER"           // another provider keeps the password
	CodeInactiveUser           Code = "INACTIVE_USER"            // activate the user first
	CodeImportState            Code = "IMPORT_STATE"             // the state of the import forbids this
	CodeNoAPIKey               Code = "NO_API_KEY"               // create a key first
	CodeTooManyKeys            Code = "TOO_MANY_KEYS"            // end a key first
	CodeBuiltInRole            Code = "BUILT_IN_ROLE"            // copy the role and change the copy
	CodeRoleNameTaken          Code = "ROLE_NAME_TAKEN"          // choose another name
	CodeRoleChanged            Code = "ROLE_CHANGED"             // reload the role; only the console returns it
	CodeRoleInUse              Code = "ROLE_IN_USE"              // name a role that replaces it
	CodePermissionNeedsRead    Code = "PERMISSION_NEEDS_READ"    // add the read permissions that Details name
	CodeSetByOperator          Code = "SET_BY_OPERATOR"          // the operator set it when starting the server
	CodeTooSlow                Code = "REQUEST_TIMEOUT"          // send the body again, and faster
	CodeTooLarge               Code = "PAYLOAD_TOO_LARGE"        // send less at once
	CodeTooManyRequests        Code = "TOO_MANY_REQUESTS"        // retry after RetryAfter
	CodeUnavailable            Code = "UNAVAILABLE"              // retry after RetryAfter; nothing was changed
	CodeInternal               Code = "INTERNAL_SERVER_ERROR"    // a defect of the server
)

// Error is a failure that the caller can act on. Message and Details are for people, and never
// contain a secret or a rejected value. Err is the cause; only the server's log contains it.
type Error struct {
	Code       Code
	Message    string
	Details    []Detail
	RetryAfter time.Duration // time to wait; set with CodeTooManyRequests and CodeUnavailable
	Hidden     bool          // with CodeNotFound: the caller may not read the entity, whether or not it exists
	Err        error
}

// Detail describes what is wrong with one part of the input. Path is a JSON pointer (RFC 6901) into
// the input, such as "/0/email".
type Detail struct {
	Path    string
	Message string
}

// Error returns the failure as one line for the server's log, with the cause.
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

// Unwrap returns Err, the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorCode returns the code of the [Error] in err's chain. It returns CodeInternal when the chain
// has no [Error], and "" when err is nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// IsDenied reports whether err refuses a caller who lacks a permission. An entity that the caller
// may not read counts, whether or not it exists.
func IsDenied(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Code == CodeForbidden || e.Code == CodeNotFound && e.Hidden)
}

// Invalid returns an error of CodeInvalid with the given details.
func Invalid(details ...Detail) *Error {
	return &Error{Code: CodeInvalid, Message: "The request has parts that are not valid.", Details: details}
}

// Unauthorized returns the error for a request without a valid credential.
func Unauthorized() *Error {
	return &Error{Code: CodeUnauthorized, Message: "A valid credential is required."}
}

// InvalidCredentials returns the error for a failed sign-in. It is the same for every cause.
func InvalidCredentials() *Error {
	return &Error{
		Code:    CodeInvalidCredentials,
		Message: "The address and the password do not match an account that may sign in.",
	}
}

// Forbidden returns the error for a caller who lacks the permission.
func Forbidden() *Error {
	return &Error{Code: CodeForbidden, Message: "You do not have the permission to do this."}
}

// NotFound returns the error for an entity that doesn't exist or is hidden from the caller.
func NotFound() *Error {
	return &Error{Code: CodeNotFound, Message: "There is no such thing, or none that you may see."}
}

// NotLocalUser returns the error for an operation on the password of a user whose password another
// provider keeps.
func NotLocalUser() *Error {
	return &Error{Code: CodeNotLocalUser, Message: "Another provider keeps the password of this user."}
}

// UsePasswordChange returns the error for callers who reset their own password with the operation
// that is for other users.
func UsePasswordChange() *Error {
	return &Error{
		Code:    CodeUsePasswordChange,
		Message: "Change your own password with the operation that asks for the current one.",
	}
}

// TooManyRequests returns the error for a caller who must wait for retryAfter.
func TooManyRequests(retryAfter time.Duration) *Error {
	return &Error{
		Code:       CodeTooManyRequests,
		Message:    "Too many attempts. Wait before you try again.",
		RetryAfter: retryAfter,
	}
}

// AddressTaken is the message of a [Detail] for an address that another user has.
const AddressTaken = "is the address of another user"

// EmailTaken returns the error for an address that another user has. paths are the JSON pointers of
// the address in the input. There are none when the input doesn't contain the address.
func EmailTaken(paths ...string) *Error {
	e := &Error{Code: CodeEmailTaken, Message: "There is a user with this e-mail address already."}
	for _, path := range paths {
		e.Details = append(e.Details, Detail{Path: path, Message: AddressTaken})
	}
	return e
}
