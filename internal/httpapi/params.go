package httpapi

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// nextCursor is the name of the header that has the pagination cursor of the next page.
const nextCursor = "X-Next-Cursor"

// parseID parses an id in a path. The error for digits beyond 64 bits is "not found", because no object has this id.
// The error for text other than digits is "invalid".
func parseID(text string) (int64, error) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, account.Invalid(account.Detail{Path: "/id", Message: "must be a numerical string"})
		}
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, account.NotFound()
	}
	return id, nil
}

// bodyID converts an id in a request body, where the contract allows a number or a string of digits. For a number that
// doesn't fit into an int64 it returns 0, because no object has the id 0.
func bodyID(n json.Number) int64 {
	id, err := n.Int64()
	if err != nil {
		return 0
	}
	return id
}

// valueOr returns the value of an optional parameter. If the request lacks the parameter, it returns the default,
// absent.
func valueOr[T any](value *T, absent T) T {
	if value == nil {
		return absent
	}
	return *value
}

// isTrue reports whether an optional flag is present and true.
func isTrue(flag *bool) bool { return flag != nil && *flag }

// clearable converts a field of a PATCH that null clears. It returns nil if the field is absent, and a pointer to nil
// if the field is null.
func clearable[T any](n nullable.Nullable[T]) **T {
	if !n.IsSpecified() {
		return nil
	}
	var value *T
	if v, err := n.Get(); err == nil { // Get fails if the field is null
		value = &v
	}
	return &value
}

// clearableSecret is [clearable] with the text converted to a secret.
func clearableSecret(n nullable.Nullable[string]) **secret.Text {
	text := clearable(n)
	if text == nil {
		return nil
	}
	value := optionalSecret(*text)
	return &value
}

// optionalSecret converts an optional text to a secret, or nil if the text is absent.
func optionalSecret(text *string) *secret.Text {
	if text == nil {
		return nil
	}
	value := secret.New(*text)
	return &value
}

// mask returns the text that replaces a secret in an answer, or nil if no secret is set.
func mask(set bool) *string {
	if !set {
		return nil
	}
	masked := secret.Mask
	return &masked
}

// duration converts an optional number of units to a duration. It returns nil if the number is absent.
func duration(n *int, unit time.Duration) *time.Duration {
	if n == nil {
		return nil
	}
	d := time.Duration(*n) * unit
	return &d
}

// timeOrNull returns nil, which JSON has as null, for the zero time. In package account the zero time means never.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// textOrNull returns nil, which JSON has as null, for the empty text.
func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// emptyIfNil returns ids, or an empty list for nil, so that the JSON is [] and not null.
func emptyIfNil(ids []int64) []int64 {
	if ids == nil {
		return []int64{}
	}
	return ids
}
