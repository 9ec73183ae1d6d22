package account

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code names a kind of failure. Codes are stable: clients decide on them, and each transport maps
// them to its answers in one table.
type Code string

// The codes, each with its cause or its remedy.
const (
	CodeInvalid                Code = "INVALID_PAYLOAD_FORMAT"   // fix the fields that Details name
	CodeInvalidRecoveryToken   Code = "INVALID_RECOVERY_TOKEN"   // request a new recovery mail
	CodeUnauthorized           Code = "UNAUTHORIZED"             // sign in: no credential, or not a valid one
	CodeInvalidCredentials     Code = "INVALID_CREDENTIALS"      // sign-in failed; the cause is never told
	CodeForbidden              Code = "FORBIDDEN"                // ask for the permission
	CodeWrongPassword          Code = "WRONG_PASSWORD"           // retype the current password
	CodePasswordChangeRequired Code = "PASSWORD_CHANGE_REQUIRED" // change the password first
	CodeUsePasswordChange      Code = "USE_PASSWORD_CHANGE"      // your own password has its own operation
	CodeNotFound               Code = "NOT_FOUND"                // doesn't exist, or is hidden from the caller
	CodeEmailTaken             Code = "EMAIL_TAKEN"              // choose another address
	CodeLastAdministrator      Code = "LAST_ADMINISTRATOR"       // add another administrator first
	CodeNotLocalUser           Code = "NOT_LOCAL_USER"           // another provider keeps the password
	CodeInactiveUser           Code = "INACTIVE_USER"            // activate the user first
	CodeImportState            Code = "IMPORT_STATE"             // the import's state excludes the operation
	CodeNoAPIKey               Code = "NO_API_KEY"               // create a key first
	CodeTooManyKeys            Code = "TOO_MANY_KEYS"            // end a key first
	CodeBuiltInRole            Code = "BUILT_IN_ROLE"            // copy the role and change the copy
	CodeRoleNameTaken          Code = "ROLE_NAME_TAKEN"          // choose another name
	CodeRoleChanged            Code = "ROLE_CHANGED"             // reload the role; never in an API answer
	CodeRoleInUse              Code = "ROLE_IN_USE"              // name a role that replaces it
	CodePermissionNeedsRead    Code = "PERMISSION_NEEDS_READ"    // add the read permissions that Details name
	CodeSetByOperator          Code = "SET_BY_OPERATOR"          // change it where the server is started
	CodeTooLarge               Code = "PAYLOAD_TOO_LARGE"        // send less at once
	CodeTooManyRequests        Code = "TOO_MANY_REQUESTS"        // retry after RetryAfter
	CodeUnavailable            Code = "UNAVAILABLE"              // retry after RetryAfter; nothing was changed
	CodeInternal               Code = "INTERNAL_SERVER_ERROR"    // a defect of the server
)

// Error is a failure that the caller can act on. Message and Details are written for people and
// never hold a secret or a rejected value. Err is the cause, for the server's log alone.
type Error struct {
	Code       Code
	Message    string
	Details    []Detail
	RetryAfter time.Duration // with CodeTooManyRequests and CodeUnavailable
	Err        error
}

// Detail describes what is wrong with one part of the input. Path is a JSON pointer (RFC 6901) into
// the input, such as "/0/email".
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

// ErrorCode returns the code of the [Error] in err's chain, CodeInternal when there is none, and ""
// for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// Invalid returns the error of an input with the given details.
func Invalid(details ...Detail) *Error {
	return &Error{Code: CodeInvalid, Message: "The request has parts that are not valid.", Details: details}
}

// Unauthorized returns the error of a request without a valid credential.
func Unauthorized() *Error {
	return &Error{Code: CodeUnauthorized, Message: "A valid credential is required."}
}

// InvalidCredentials returns the error of a failed sign-in. It is the same for every cause.
func InvalidCredentials() *Error {
	return &Error{
		Code:    CodeInvalidCredentials,
		Message: "The address and the password do not match an account that may sign in.",
	}
}

// Forbidden returns the error of a caller without the permission.
func Forbidden() *Error {
	return &Error{Code: CodeForbidden, Message: "You do not have the permission to do this."}
}

// NotFound returns the error for an entity that doesn't exist or is hidden from the caller.
func NotFound() *Error {
	return &Error{Code: CodeNotFound, Message: "There is no such thing, or none that you may see."}
}

// NotLocalUser returns the error for an operation on the password of another provider's user.
func NotLocalUser() *Error {
	return &Error{Code: CodeNotLocalUser, Message: "Another provider keeps the password of this user."}
}

// UsePasswordChange returns the error for callers who use the administrator's password reset on
// themselves.
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

// AddressTaken is the detail of an address that another user has.
const AddressTaken = "is the address of another user"

// EmailTaken returns the error for an address that another user has. paths are the JSON pointers of
// the address in the input; none when the input doesn't contain it.
func EmailTaken(paths ...string) *Error {
	e := &Error{Code: CodeEmailTaken, Message: "There is a user with this e-mail address already."}
	for _, path := range paths {
		e.Details = append(e.Details, Detail{Path: path, Message: AddressTaken})
	}
	return e
}
