package httpapi

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// nextCursor is the header with the cursor of the next page.
const nextCursor = "X-Next-Cursor"

// parseID parses an id in a path. An out-of-range id is reported as not found, and text other than digits as invalid.
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

// bodyID returns an id in a body, which the contract allows as a number or as digits. It returns 0, which is the id of
// nothing, for a number beyond 64 bits.
func bodyID(n json.Number) int64 {
	id, err := n.Int64()
	if err != nil {
		return 0
	}
	return id
}

// valueOr returns the value of an optional parameter, or absent.
func valueOr[T any](value *T, absent T) T {
	if value == nil {
		return absent
	}
	return *value
}

// isTrue reports whether an optional flag is present and true.
func isTrue(flag *bool) bool { return flag != nil && *flag }

// clearable converts a field of a PATCH: nil if it is absent, a pointer to nil if it is null.
func clearable[T any](n nullable.Nullable[T]) **T {
	if !n.IsSpecified() {
		return nil
	}
	var value *T
	if v, err := n.Get(); err == nil { // an error means null
		value = &v
	}
	return &value
}

// clearableSecret is [clearable] for a secret.
func clearableSecret(n nullable.Nullable[string]) **secret.Text {
	text := clearable(n)
	if text == nil {
		return nil
	}
	value := optionalSecret(*text)
	return &value
}

// optionalSecret returns an optional text as a secret.
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

// duration returns an optional number of units as a duration.
func duration(n *int, unit time.Duration) *time.Duration {
	if n == nil {
		return nil
	}
	d := time.Duration(*n) * unit
	return &d
}

// timeOrNull returns nil for the zero time, by which account means never.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// textOrNull returns nil for the empty text.
func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// emptyIfNil returns ids, or an empty list for nil, because JSON must have [] and not null.
func emptyIfNil(ids []int64) []int64 {
	if ids == nil {
		return []int64{}
	}
	return ids
}
