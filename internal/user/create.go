package user

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// CreateUsers creates all of the users or none, and returns them in the given order. The users
// get the default roles. Users with Invite get a mail with a link to choose their password.
//
// It fails as [account.Allow] does. It fails with CodeInvalid or CodeEmailTaken, with the path
// of each wrong field, and with CodeTooLarge for more than [account.MaxNewUsers] users.
func (s *Users) CreateUsers(
	ctx context.Context, caller *account.Principal, users []account.NewUser,
) ([]account.User, error) {
	permit, err := auth.Allowed(caller, access.ActionCreate, access.EntityUser, access.All)
	if err != nil {
		return nil, err
	}
	keys, err := s.checkNewUsers(ctx, users)
	if err != nil {
		return nil, err
	}
	hashes, err := s.hashPasswords(ctx, users)
	if err != nil {
		return nil, err
	}
	for {
		var created []account.User
		insert := func(ctx context.Context, tx *account.Tx, caller *account.Principal) (err error) {
			created, err = s.InsertUsers(ctx, tx, caller, users, keys, hashes)
			return err
		}
		err = s.auth.UpdateAs(ctx, permit, insert)
		if err == nil {
			s.outbox.Wake()
			return created, nil
		}
		if !errors.Is(err, account.ErrEmailTaken) {
			return nil, err
		}
		// Another request took an address after checkNewUsers. If all addresses are free again
		// by now, try again.
		if err := s.checkTaken(ctx, keys); err != nil {
			return nil, err
		}
	}
}

// hashPasswords returns the password hashes of new users, in the order of users. The hash of a
// user with Invite is empty.
func (s *Users) hashPasswords(ctx context.Context, users []account.NewUser) ([]string, error) {
	var passwords []secret.Text
	for _, u := range users {
		if !u.Invite {
			passwords = append(passwords, account.NormalizePassword(u.Password))
		}
	}
	computed, err := s.passwords.HashAll(ctx, passwords)
	if err != nil {
		return nil, err
	}
	hashes := make([]string, len(users))
	for i, u := range users {
		if !u.Invite {
			hashes[i], computed = computed[0], computed[1:]
		}
	}
	return hashes, nil
}

// checkNewUsers checks users before their passwords are hashed, because hashing is expensive.
// It returns the keys of the users' addresses.
func (s *Users) checkNewUsers(ctx context.Context, users []account.NewUser) ([]account.EmailKey, error) {
	switch {
	case len(users) == 0:
		return nil, account.Invalid(account.Detail{Path: "", Message: "must have at least one user"})
	case len(users) > account.MaxNewUsers:
		return nil, &account.Error{
			Code:    account.CodeTooLarge,
			Message: fmt.Sprintf("At most %d users can be created at once.", account.MaxNewUsers),
		}
	}
	var c account.Checker
	keys := make([]account.EmailKey, len(users))
	first := make(map[account.EmailKey]int, len(users))
	for i, u := range users {
		keys[i] = c.NewUser(fmt.Sprintf("/%d", i), u)
		if keys[i] == "" {
			continue
		}
		if j, duplicate := first[keys[i]]; duplicate {
			c.Fail(fmt.Sprintf("/%d/email", i), fmt.Sprintf("is the same address as that of /%d/email", j))
			continue
		}
		first[keys[i]] = i
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return keys, s.checkTaken(ctx, keys)
}

// checkTaken fails with CodeEmailTaken if existing users have some of the keys. The error has
// the path of each taken address.
func (s *Users) checkTaken(ctx context.Context, keys []account.EmailKey) error {
	taken, err := s.store.TakenEmails(ctx, keys)
	if err != nil || len(taken) == 0 {
		return err
	}
	var paths []string
	for i, key := range keys {
		if slices.Contains(taken, key) {
			paths = append(paths, fmt.Sprintf("/%d/email", i))
		}
	}
	return account.EmailTaken(paths...)
}

// InsertUsers stores new local users with the default roles, and records them in the activity
// log. It sends an invitation to users with Invite. The caller must have checked users. keys
// and hashes have one element for each user. InsertUsers fails with [account.ErrEmailTaken]. It
// fails with CodeForbidden while a default role grants what users must not get automatically.
func (s *Users) InsertUsers(
	ctx context.Context, tx *account.Tx, caller *account.Principal,
	users []account.NewUser, keys []account.EmailKey, hashes []string,
) ([]account.User, error) {
	settings, err := account.LoadApplicationSettings(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := requireAutomatic(ctx, tx, settings.DefaultRoleIDs); err != nil {
		return nil, err
	}
	stored := make([]account.StoredUser, len(users))
	for i, u := range users {
		stored[i] = account.StoredUser{User: u.ToUser(settings.DefaultRoleIDs), Key: keys[i], PasswordHash: hashes[i]}
	}
	ids, err := tx.InsertUsers(ctx, stored, s.now())
	if err != nil {
		return nil, err
	}
	created := make([]account.User, len(users))
	var events []account.Event
	for i, u := range stored {
		created[i] = u.User
		created[i].ID = ids[i]
		events = append(events, account.Event{
			Action: account.ActionUserCreate, Target: created[i].Target(), Changes: created[i].LogFields(),
		})
		if users[i].Invite {
			if err := s.recovery.SendInvitation(ctx, tx, created[i], caller.From.ClientNetwork); err != nil {
				return nil, err
			}
			events = append(events, account.Event{Action: account.ActionUserInvite, Target: created[i].Target()})
		}
	}
	return created, s.audit.Record(ctx, tx, caller, events...)
}

// requireAutomatic fails with CodeForbidden if users must not get one of the default roles
// automatically. Settings refuse such a role, but an earlier release may have stored it.
func requireAutomatic(ctx context.Context, tx *account.Tx, defaultRoles []int64) error {
	roles, err := tx.Roles(ctx, defaultRoles)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if !r.MayBeAutomatic() {
			return &account.Error{
				Code: account.CodeForbidden,
				Message: fmt.Sprintf("The default role %d grants create, delete, assign or edit-access. "+
					"An administrator must remove it from the default roles first.", r.ID),
			}
		}
	}
	return nil
}

// InsertUser stores one new local user with the given roles. The caller must have checked the
// user before. InsertUser does not write to the activity log. It fails with
// [account.ErrEmailTaken].
func (s *Users) InsertUser(
	ctx context.Context, tx *account.Tx, u account.NewUser, key account.EmailKey, hash string, roles []int64,
) (account.User, error) {
	user := u.ToUser(roles)
	id, err := tx.InsertUser(ctx, user, key, hash, s.now())
	user.ID = id
	return user, err
}
