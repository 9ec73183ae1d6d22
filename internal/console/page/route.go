package page

import (
	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Paths that the toolkit itself links or redirects to.
const (
	SignInPath   = "/sign-in"
	ProfilePath  = "/profile"
	PasswordPath = "/profile/password"
	WelcomePath  = "/welcome"
)

// Route is a page, or the target of a form.
type Route struct {
	Pattern string // of [http.ServeMux]
	Handler func(*Request) error

	// Open admits visitors without a session. Any other route needs one.
	Open bool
	// Needs is a permission that the caller must have for at least one entity. The gate
	// checks it before it reads the form; the rules check it again for the entity.
	Needs Permission

	// AllowPasswordReset admits callers who must choose a new password first.
	AllowPasswordReset bool
	// OwnFormToken leaves the check of the form token to the handler, for a form that is
	// not bound to a session.
	OwnFormToken bool
	// MaxBytes limits the body of the form; 0: MaxFormBytes.
	MaxBytes int64
	// TooLarge is the page for a longer body; nil: ErrFormTooLarge.
	TooLarge *Refusal
}

// Permission is an action on an entity. The zero value asks for nothing.
type Permission struct {
	Action access.Action
	Entity access.Entity
}

// MaxFormBytes is how many bytes a form may have unless its route says otherwise.
const MaxFormBytes = 64 << 10
