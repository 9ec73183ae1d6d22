package account

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Allow decides whether the caller may do an action with an entity. id names one entity, or is
// [access.Any] or [access.All]. Every operation checks its permission through Allow.
//
// It fails with
//   - CodePasswordChangeRequired when the caller must change their password first;
//   - CodeForbidden when the caller has no permission for this entity and action, or may only read
//     the entity;
//   - CodeForbidden for a named key on keys and sessions, whatever its permissions;
//   - CodeNotFound when the entity is hidden from the caller, so that the error doesn't show whether
//     the entity exists.
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
		hidden := NotFound()
		hidden.Hidden = true
		return hidden
	default:
		return Forbidden()
	}
}

// AllowOwn is [Allow] for the caller's own entities. The caller knows that these exist, so AllowOwn
// fails with CodeForbidden where Allow fails with CodeNotFound.
func AllowOwn(caller *Principal, action access.Action, entity access.Entity) error {
	err := Allow(caller, action, entity, caller.User.ID)
	if ErrorCode(err) == CodeNotFound {
		return Forbidden()
	}
	return err
}

// AllowOwnData decides whether the caller may change data of their own for which there is no
// permission, such as preferences. A narrowed key needs the permission user:edit for its owner, so
// that a read-only key changes nothing. AllowOwnData fails as [AllowOwn] does.
func AllowOwnData(caller *Principal) error {
	if caller.Narrowed {
		return AllowOwn(caller, access.ActionEdit, access.EntityUser)
	}
	return RequirePasswordChanged(caller)
}

// DenyNamedKey fails with CodeForbidden when the caller uses a named key, whatever the key's
// permissions. Operations that set a password, or change the address that password tokens are sent
// to, call it. Otherwise somebody with a leaked key could take over the account for good.
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
// password. [Allow] calls it. Operations that need no permission must call it themselves.
func RequirePasswordChanged(caller *Principal) error {
	if caller.User.NeedPasswordReset {
		return &Error{
			Code:    CodePasswordChangeRequired,
			Message: "Change your password before you do anything else.",
		}
	}
	return nil
}

// RequireAdministrator fails with CodeForbidden unless the caller has role 1 and doesn't use a
// named key. It protects the settings that decide where secrets and links are sent. An attacker who
// controls these settings could send links to their own server, and take over the account of any
// user who follows one.
func RequireAdministrator(caller *Principal) error {
	if err := DenyNamedKey(caller); err != nil {
		return err
	}
	if !caller.Access.Administrator {
		return &Error{Code: CodeForbidden, Message: "Only an administrator may change this."}
	}
	return nil
}

// RequireCovers fails with CodeForbidden unless the caller has every permission in required.
// Otherwise callers could change a role or a user's access to gain permissions that they lack.
func RequireCovers(caller *Principal, required access.Set) error {
	if !access.Covers(caller.Access, required) {
		return &Error{Code: CodeForbidden, Message: "You do not have every permission that this gives or takes."}
	}
	return nil
}

// RequireConfigure fails unless the caller may edit all settings of an entity and is an
// administrator. It fails as [Allow] and [RequireAdministrator] do.
func RequireConfigure(caller *Principal, entity access.Entity) error {
	if err := Allow(caller, access.ActionEdit, entity, access.All); err != nil {
		return err
	}
	return RequireAdministrator(caller)
}

// RequireCoversUser fails with CodeForbidden unless the caller has every permission of the user id,
// from all of that user's roles. It also fails as r does.
func RequireCoversUser(ctx context.Context, r RoleReader, caller *Principal, id int64) error {
	roles, err := r.RolesOf(ctx, id)
	if err != nil {
		return err
	}
	return RequireCovers(caller, access.Union(roles))
}
