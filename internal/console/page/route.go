package page

import (
	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Paths that this package links to or redirects to.
const (
	SignInPath   = "/sign-in"
	ProfilePath  = "/profile"
	PasswordPath = "/profile/password"
	WelcomePath  = "/welcome"
)

// Route is a page, or the path that a form is sent to.
type Route struct {
	Pattern string // pattern of [http.ServeMux]
	Handler func(*Request) error

	// Open admits visitors without a session. All other routes need a session.
	Open bool
	// Needs is a permission that the caller must have for at least one object. It is checked before
	// the form is read. Package service checks the permission again for the object itself.
	Needs Permission

	// AllowPasswordReset admits callers who must choose a new password first.
	AllowPasswordReset bool
	// OwnFormToken means that the handler itself checks the CSRF token, because the form is not
	// bound to a session.
	OwnFormToken bool
	// MaxBytes limits the size of the form; 0 means MaxFormBytes, or maxOpenFormBytes if the route
	// is open to visitors.
	MaxBytes int64
	// TooLarge is the answer to a larger form; nil means ErrFormTooLarge.
	TooLarge *Refusal
}

// Permission is an action on an entity, which is a kind of object. A route or entry with the zero
// value needs no permission.
type Permission struct {
	Action access.Action
	Entity access.Entity
}

// The size limits of a form, in bytes, unless its route sets MaxBytes.
const (
	MaxFormBytes     = 64 << 10
	maxOpenFormBytes = 16 << 10 // of a visitor
)

// maxBytes returns the size limit of the form, in bytes.
func (r Route) maxBytes() int64 {
	switch {
	case r.MaxBytes != 0:
		return r.MaxBytes
	case r.Open:
		return maxOpenFormBytes
	default:
		return MaxFormBytes
	}
}
