package account

import "github.com/seed-3a99a2fe/usher/internal/access"

// Allow is the one decision on permissions: whether the caller may do an action
// with a thing of a kind, or with [access.Any] or [access.All] of them.
//
// The failure is CodePasswordChangeRequired for a caller who must change his
// password first; CodeForbidden for one without any permission for this entity
// and action, whatever the id, or for a thing that he may read and not change;
// and CodeNotFound for a thing that he may not see, the same as for one that is
// not there. A caller allowed here still has to find it.
func Allow(caller *Principal, action access.Action, entity access.Entity, id int64) error {
	if err := mayGoOn(caller); err != nil {
		return err
	}
	switch caller.Access.Decide(action, entity, id, caller.User.ID) {
	case access.Granted:
		return nil
	case access.Unseen:
		return NotFound()
	default:
		return forbidden()
	}
}

// mayGoOn fails for a caller who must change his password before anything else.
// [Allow] asks it; what every caller may do asks it alone.
func mayGoOn(caller *Principal) error {
	if caller.User.NeedPasswordReset {
		return &Error{Code: CodePasswordChangeRequired, Message: "Change your password before you do anything else."}
	}
	return nil
}

// mustAdminister fails unless the caller holds role 1. Who says where secrets and
// links are sent could otherwise take over whoever follows them.
func mustAdminister(caller *Principal) error {
	if !caller.Access.Administrator {
		return &Error{Code: CodeForbidden, Message: "Only an administrator may change this."}
	}
	return nil
}

// mustCover fails unless the caller holds everything that b gives. Nobody may
// change the access of somebody, or a role, that he does not cover: it would let
// him climb.
func mustCover(caller *Principal, b access.Set) error {
	if !access.Covers(caller.Access, b) {
		return &Error{Code: CodeForbidden, Message: "You do not have every permission that this gives or takes."}
	}
	return nil
}
