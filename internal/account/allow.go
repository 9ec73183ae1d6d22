package account

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Allow is the one decision on permissions: whether the caller may do an action
// with a thing of a kind, or with [access.Any] or [access.All] of them.
//
// The failure is CodePasswordChangeRequired for a caller who must change his
// password first; CodeForbidden for one without any permission for this entity
// and action, whatever the id, for a thing that he may read and not change, and for
// keys and sessions by a named key, whatever its permissions;
// and CodeNotFound for a thing that he may not see, the same as for one that is
// not there. A caller allowed here still has to find it.
func Allow(caller *Principal, action access.Action, entity access.Entity, id int64) error {
	if err := RequirePasswordChanged(caller); err != nil {
		return err
	}
	if caller.Credential.Kind == CredentialNamedKey && (entity == access.EntityAPIKey || entity == access.EntitySession) {
		return Forbidden()
	}
	switch caller.Access.Decide(action, entity, id, caller.User.ID) {
	case access.Granted:
		return nil
	case access.Hidden:
		return NotFound()
	default:
		return Forbidden()
	}
}

// allowOwn is [Allow] for what is the caller's own, which is never unseen: it
// fails with CodeForbidden where he has the permission for others alone.
func AllowOwn(caller *Principal, action access.Action, entity access.Entity) error {
	err := Allow(caller, action, entity, caller.User.ID)
	if ErrorCode(err) == CodeNotFound {
		return Forbidden()
	}
	return err
}

// mayTouchPasswords fails with CodeForbidden for a named key, whatever its
// permissions: a script's key that leaks must not let anybody in for good. It stands
// before whatever sets a password, or says where the token for one goes.
func DenyNamedKey(caller *Principal) error {
	if caller.Credential.Kind == CredentialNamedKey {
		return &Error{Code: CodeForbidden, Message: "A named key cannot do this. Use a session or the key of the contract."}
	}
	return nil
}

// mayGoOn fails for a caller who must change his password before anything else.
// [Allow] asks it; what every caller may do asks it alone.
func RequirePasswordChanged(caller *Principal) error {
	if caller.User.NeedPasswordReset {
		return &Error{Code: CodePasswordChangeRequired, Message: "Change your password before you do anything else."}
	}
	return nil
}

// mustAdminister fails unless the caller holds role 1. Who says where secrets and
// links are sent could otherwise take over whoever follows them, so a named key
// may not either.
func RequireAdministrator(caller *Principal) error {
	if err := DenyNamedKey(caller); err != nil {
		return err
	}
	if !caller.Access.Administrator {
		return &Error{Code: CodeForbidden, Message: "Only an administrator may change this."}
	}
	return nil
}

// mustCover fails unless the caller holds everything that b gives. Nobody may
// change the access of somebody, or a role, that he does not cover: it would let
// him climb.
func RequireCovers(caller *Principal, b access.Set) error {
	if !access.Covers(caller.Access, b) {
		return &Error{Code: CodeForbidden, Message: "You do not have every permission that this gives or takes."}
	}
	return nil
}

// mayConfigure fails unless the caller may edit settings of a kind that are for
// role 1 alone.
func RequireConfigure(caller *Principal, entity access.Entity) error {
	if err := Allow(caller, access.ActionEdit, entity, access.All); err != nil {
		return err
	}
	return RequireAdministrator(caller)
}

// mustCoverUser fails unless the caller covers everything that the user may do.
func RequireCoversUser(ctx context.Context, r RoleReader, caller *Principal, id int64) error {
	roles, err := r.RolesOf(ctx, id)
	if err != nil {
		return err
	}
	return RequireCovers(caller, access.Union(roles))
}
