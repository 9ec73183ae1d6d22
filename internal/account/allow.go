package account

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Allow decides whether the caller may do an action with an entity: the one with the given id, or
// [access.Any] or [access.All] of them. Every permission check of an operation goes through it.
//
// It fails with
//   - CodePasswordChangeRequired when the caller must change their password first;
//   - CodeForbidden when the caller has no permission for this entity and action, or may only read
//     the entity;
//   - CodeForbidden for a named key on keys and sessions, whatever its permissions;
//   - CodeNotFound when the entity is hidden from the caller, so that the answer doesn't tell
//     whether it exists.
//
// Success doesn't mean that the entity exists.
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

// AllowOwn is [Allow] for the caller's own entities. They are never hidden from the caller, so it
// fails with CodeForbidden where Allow fails with CodeNotFound.
func AllowOwn(caller *Principal, action access.Action, entity access.Entity) error {
	err := Allow(caller, action, entity, caller.User.ID)
	if ErrorCode(err) == CodeNotFound {
		return Forbidden()
	}
	return err
}

// DenyNamedKey fails with CodeForbidden for a named key, whatever its permissions. Operations that
// set a password, or choose where a password token is sent, call it: a leaked script key must not
// become permanent access.
func DenyNamedKey(caller *Principal) error {
	if caller.Credential.Kind == CredentialNamedKey {
		return &Error{
			Code:    CodeForbidden,
			Message: "A named key cannot do this. Use a session or the key of the contract.",
		}
	}
	return nil
}

// RequirePasswordChanged fails with CodePasswordChangeRequired while the caller must change their
// password. [Allow] calls it; operations that need no permission call it directly.
func RequirePasswordChanged(caller *Principal) error {
	if caller.User.NeedPasswordReset {
		return &Error{
			Code:    CodePasswordChangeRequired,
			Message: "Change your password before you do anything else.",
		}
	}
	return nil
}

// RequireAdministrator fails with CodeForbidden unless the caller has role 1 and doesn't use a named
// key. It guards the settings that decide where secrets and links are sent. An attacker who controls
// these could take over the account of any user who follows a link.
func RequireAdministrator(caller *Principal) error {
	if err := DenyNamedKey(caller); err != nil {
		return err
	}
	if !caller.Access.Administrator {
		return &Error{Code: CodeForbidden, Message: "Only an administrator may change this."}
	}
	return nil
}

// RequireCovers fails with CodeForbidden unless the caller has every permission in required. It
// prevents privilege escalation by a change of a role or of a user's access.
func RequireCovers(caller *Principal, required access.Set) error {
	if !access.Covers(caller.Access, required) {
		return &Error{Code: CodeForbidden, Message: "You do not have every permission that this gives or takes."}
	}
	return nil
}

// RequireConfigure fails unless the caller may edit all settings of an entity, as [Allow] decides,
// and is an administrator, as [RequireAdministrator] decides.
func RequireConfigure(caller *Principal, entity access.Entity) error {
	if err := Allow(caller, access.ActionEdit, entity, access.All); err != nil {
		return err
	}
	return RequireAdministrator(caller)
}

// RequireCoversUser is [RequireCovers] for the permissions of all roles of the user id. It also
// fails as r does.
func RequireCoversUser(ctx context.Context, r RoleReader, caller *Principal, id int64) error {
	roles, err := r.RolesOf(ctx, id)
	if err != nil {
		return err
	}
	return RequireCovers(caller, access.Union(roles))
}
