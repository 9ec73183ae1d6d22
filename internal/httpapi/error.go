package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/contract"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// Codes of the errors for an unknown path and for a method that a path doesn't have.
const (
	codeNoRoute          account.Code = "Not Found"
	codeMethodNotAllowed account.Code = "METHOD_NOT_ALLOWED"
)

// statuses maps every error code to its HTTP status.
var statuses = map[account.Code]int{
	account.CodeInvalid:                http.StatusBadRequest,
	account.CodeInvalidRecoveryToken:   http.StatusBadRequest,
	account.CodeUnauthorized:           http.StatusUnauthorized,
	account.CodeInvalidCredentials:     http.StatusUnauthorized,
	account.CodeForbidden:              http.StatusForbidden,
	account.CodeWrongPassword:          http.StatusForbidden,
	account.CodePasswordChangeRequired: http.StatusForbidden,
	account.CodeUsePasswordChange:      http.StatusForbidden,
	account.CodeNotFound:               http.StatusNotFound,
	codeNoRoute:                        http.StatusNotFound,
	codeMethodNotAllowed:               http.StatusMethodNotAllowed,
	account.CodeEmailTaken:             http.StatusConflict,
	account.CodeLastAdministrator:      http.StatusConflict,
	account.CodeNotLocalUser:           http.StatusConflict,
	account.CodeNoAPIKey:               http.StatusNotFound,
	account.CodeTooManyKeys:            http.StatusConflict,
	account.CodeBuiltInRole:            http.StatusConflict,
	account.CodeRoleNameTaken:          http.StatusConflict,
	account.CodeRoleInUse:              http.StatusConflict,
	account.CodeRoleChanged:            http.StatusConflict,
	account.CodePermissionNeedsRead:    http.StatusBadRequest,
	account.CodeInactiveUser:           http.StatusConflict,
	account.CodeImportState:            http.StatusConflict,
	account.CodeSetByOperator:          http.StatusConflict,
	account.CodeTooSlow:                http.StatusRequestTimeout,
	account.CodeTooLarge:               http.StatusRequestEntityTooLarge,
	contract.CodeUnsupportedMedia:      http.StatusUnsupportedMediaType,
	account.CodeTooManyRequests:        http.StatusTooManyRequests,
	account.CodeInternal:               http.StatusInternalServerError,
	account.CodeUnavailable:            http.StatusServiceUnavailable,
}

// asError returns the error to send to the client for err. If err is not an account.Error, it is a server error:
// asError logs its text and doesn't send it to the client. If the client has disconnected, asError doesn't log the
// error.
func (s *server) asError(ctx context.Context, err error) *account.Error {
	if e, ok := errors.AsType[*account.Error](err); ok {
		if e.Err != nil {
			s.log.WarnContext(ctx, "request refused", "code", e.Code, "cause", e.Err, "request", requestOf(ctx).id)
		}
		return e
	}
	if ctx.Err() != nil {
		return &account.Error{Code: account.CodeUnavailable, Message: "The request was given up.", RetryAfter: time.Second}
	}
	s.log.ErrorContext(ctx, "request failed", "error", err, "request", requestOf(ctx).id)
	return &account.Error{Code: account.CodeInternal, Message: "Something went wrong in the server."}
}

// writeError sends err as the answer. If a part of a successful answer was sent already, writeError breaks the
// connection instead, so that the client notices that the answer is incomplete.
func (s *server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := s.asError(r.Context(), err)
	if rec, ok := w.(*recorder); ok && rec.status != 0 {
		panic(http.ErrAbortHandler)
	}
	if caller := requestOf(r.Context()).caller; caller != nil && isRead(r) && account.IsDenied(e) {
		s.auth.CountRefusedRead(caller)
	}
	status, ok := statuses[e.Code]
	if !ok {
		status = http.StatusInternalServerError
	}
	body := wire.Error{StatusCode: status, Error: string(e.Code), Message: e.Message}
	if len(e.Details) > 0 {
		details := make([]wire.ErrorDetail, len(e.Details))
		for i, d := range e.Details {
			details[i] = wire.ErrorDetail{Path: d.Path, Message: d.Message}
		}
		body.Details = &details
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(e.RetryAfter.Seconds())))))
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="usher"`) // RFC 9110, 15.5.2
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelDebug, "write the answer", slog.Any("error", err))
	}
}

// isRead reports whether a request only reads.
func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

func noRoute() error {
	return &account.Error{Code: codeNoRoute, Message: "Not Found"}
}

func methodNotAllowed() error {
	return &account.Error{
		Code:    codeMethodNotAllowed,
		Message: "This path does not have this method. The header Allow lists those it has.",
	}
}
