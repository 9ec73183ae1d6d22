package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Code is the code of a failure that the server reports. A Code is an error itself, so
// that [errors.Is] finds the code in an [*Error].
type Code string

// The codes of the contract, each with its meaning or remedy. Later servers may send
// more codes.
const (
	CodeInvalid                Code = "INVALID_PAYLOAD_FORMAT"   // fix the fields that Details name
	CodeInvalidRecoveryToken   Code = "INVALID_RECOVERY_TOKEN"   // ask for a new recovery message
	CodeUnauthorized           Code = "UNAUTHORIZED"             // sign in; the token is missing, unknown or expired
	CodeInvalidCredentials     Code = "INVALID_CREDENTIALS"      // the sign-in failed; the server does not say why
	CodeForbidden              Code = "FORBIDDEN"                // ask for the permission
	CodeWrongPassword          Code = "WRONG_PASSWORD"           // the old password is wrong
	CodePasswordChangeRequired Code = "PASSWORD_CHANGE_REQUIRED" // change the password first
	CodeUsePasswordChange      Code = "USE_PASSWORD_CHANGE"      // change your own password with ChangePassword
	CodeNotFound               Code = "NOT_FOUND"                // nothing has this id, or the caller may not read it
	CodeNoSuchPath             Code = "Not Found"                // the base URL is wrong, or the server is older
	CodeMethodNotAllowed       Code = "METHOD_NOT_ALLOWED"       // the base URL is wrong, or the server is older
	CodeEmailTaken             Code = "EMAIL_TAKEN"              // choose another address
	CodeLastAdministrator      Code = "LAST_ADMINISTRATOR"       // appoint another administrator first
	CodeNotLocalUser           Code = "NOT_LOCAL_USER"           // the password is in LDAP or SAML, not in Usher
	CodeNoAPIKey               Code = "NO_API_KEY"               // create a contract key first
	CodeTooManyKeys            Code = "TOO_MANY_KEYS"            // revoke a key first
	CodeBuiltInRole            Code = "BUILT_IN_ROLE"            // copy the role, and change the copy
	CodeRoleNameTaken          Code = "ROLE_NAME_TAKEN"          // choose another name
	CodeRoleInUse              Code = "ROLE_IN_USE"              // use RolesService.Replace
	CodePermissionNeedsRead    Code = "PERMISSION_NEEDS_READ"    // add the read permissions that Details name
	CodeInactiveUser           Code = "INACTIVE_USER"            // activate the user first
	CodeImportState            Code = "IMPORT_STATE"             // the import is finished, or is being undone
	CodeSetByOperator          Code = "SET_BY_OPERATOR"          // only the operator can change this setting
	CodeTooSlow                Code = "REQUEST_TIMEOUT"          // send the request again
	CodeTooLarge               Code = "PAYLOAD_TOO_LARGE"        // split the request into smaller ones
	CodeUnsupportedMediaType   Code = "UNSUPPORTED_MEDIA_TYPE"   // a proxy changed the request
	CodeTooManyRequests        Code = "TOO_MANY_REQUESTS"        // wait for RetryAfter, then retry
	CodeInternal               Code = "INTERNAL_SERVER_ERROR"    // give RequestID to the operator
	CodeUnavailable            Code = "UNAVAILABLE"              // wait for RetryAfter, then retry; nothing was changed
)

// Error returns the code as text.
func (c Code) Error() string { return string(c) }

// Error is an answer with a status outside 200 to 299. No field contains a secret.
type Error struct {
	StatusCode int           // HTTP status
	Code       Code          // what went wrong, for programs; "" if the answer is not from Usher
	Message    string        // what went wrong, for people
	Details    []Detail      // the invalid fields of the request, if any
	RetryAfter time.Duration // time to wait before a retry; 0 if the server does not say
	RequestID  string        // the id of the request in the server's log; may be ""
}

// Error returns the status, the code, the message and the invalid fields as text.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "usher: %d", e.StatusCode)
	if e.Code != "" {
		fmt.Fprintf(&b, " %s", e.Code)
	}
	fmt.Fprintf(&b, ": %s", e.Message)
	for _, d := range e.Details {
		fmt.Fprintf(&b, "; %s: %s", d.Path, d.Message)
	}
	return b.String()
}

// Unwrap returns the code, or nil if there is none.
func (e *Error) Unwrap() error {
	if e.Code == "" {
		return nil
	}
	return e.Code
}

// readError converts an answer with a status outside 200 to 299 to an [*Error]. It
// ignores a body that is not an error of Usher, such as the page of a proxy, because
// that page may contain secrets.
func readError(resp *http.Response) *Error {
	e := &Error{StatusCode: resp.StatusCode, RequestID: resp.Header.Get("X-Request-Id")}
	if seconds, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 31); err == nil {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	var body struct {
		StatusCode int      `json:"statusCode"`
		Error      string   `json:"error"`
		Message    string   `json:"message"`
		Details    []Detail `json:"details"`
	}
	raw, err := io.ReadAll(&boundedReader{r: resp.Body, remaining: maxError})
	if err != nil || json.Unmarshal(raw, &body) != nil || body.Error == "" || body.StatusCode != resp.StatusCode {
		e.Message = http.StatusText(resp.StatusCode) + " (the answer is not from an Usher server)"
		if resp.StatusCode/100 == 3 {
			e.Message = "the server is at another address, and redirects are not followed"
		}
		return e
	}
	e.Code, e.Message, e.Details = Code(body.Error), body.Message, body.Details
	return e
}
