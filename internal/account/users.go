package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// listPage is how many users a list holds in memory at once, at most, and firstPage how
// many it asks for first.
const (
	listPage  = 1000
	firstPage = 100
)

// ListUsers calls yield with every user that the caller may read, by id. It
// holds one page at a time, so a list is not one snapshot. It ends with the
// first failure of yield.
func (s *Service) ListUsers(ctx context.Context, caller *Principal, yield func(User) error) error {
	if err := Allow(caller, access.ActionRead, access.EntityUser, access.Any); err != nil {
		return err
	}
	all, readable := caller.Access.VisibleIDs(access.ActionRead, access.EntityUser, caller.User.ID)
	limit := firstPage
	for last := int64(0); ; {
		users, err := s.store.UsersAfter(ctx, last, limit, s.now())
		if err != nil || len(users) == 0 {
			return err
		}
		// The storage ends a page early where pictures are large. What was asked for beyond
		// it may have been read and thrown away, so as much is asked for as was got.
		if len(users) == limit {
			limit = min(2*limit, listPage)
		} else {
			limit = len(users)
		}
		for _, u := range users {
			if _, found := slices.BinarySearch(readable, u.ID); !all && !found {
				continue
			}
			if err := yield(u); err != nil {
				return err
			}
		}
		last = users[len(users)-1].ID
	}
}

// User returns one user. It fails with CodeForbidden and CodeNotFound as [Allow]
// says.
func (s *Service) User(ctx context.Context, caller *Principal, id int64) (User, error) {
	if err := Allow(caller, access.ActionRead, access.EntityUser, id); err != nil {
		return User{}, err
	}
	return findUser(ctx, s.store, id, s.now())
}

// UserByEmail returns the user with an address. It fails with CodeForbidden for who may
// read nobody, and with CodeNotFound; who may not be read is as one who is not there.
func (s *Service) UserByEmail(ctx context.Context, caller *Principal, address string) (User, error) {
	if err := Allow(caller, access.ActionRead, access.EntityUser, access.Any); err != nil {
		return User{}, err
	}
	key, ok := ParseEmail(address)
	if !ok {
		return User{}, NotFound()
	}
	c, err := s.store.CredentialByEmail(ctx, key)
	if errors.Is(err, ErrNotFound) || err == nil && Allow(caller, access.ActionRead, access.EntityUser, c.UserID) != nil {
		return User{}, NotFound()
	}
	if err != nil {
		return User{}, err
	}
	return findUser(ctx, s.store, c.UserID, s.now())
}

func findUser(ctx context.Context, r UserReader, id int64, now time.Time) (User, error) {
	u, err := r.User(ctx, id, now)
	if errors.Is(err, ErrNotFound) {
		return User{}, NotFound()
	}
	return u, err
}

// CreateUsers creates all of the users or none, with the default roles, and
// returns them in their order. It fails with CodeInvalid and CodeEmailTaken,
// naming each field at fault, and with CodeTooLarge for more than MaxNewUsers. Who is
// to choose his own password is sent an invitation.
func (s *Service) CreateUsers(ctx context.Context, caller *Principal, users []NewUser) ([]User, error) {
	if err := Allow(caller, access.ActionCreate, access.EntityUser, access.All); err != nil {
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
		var created []User
		err = s.updateAs(ctx, caller, func(ctx context.Context, tx Tx, caller *Principal) (err error) {
			if err := Allow(caller, access.ActionCreate, access.EntityUser, access.All); err != nil {
				return err
			}
			created, err = s.insertUsers(ctx, tx, caller, users, keys, hashes)
			return err
		})
		if err == nil {
			s.wakeMail()
			return created, nil
		}
		if !errors.Is(err, ErrEmailTaken) {
			return nil, err
		}
		// Somebody was faster with one of the addresses. It may be free again by now.
		if err := s.checkTaken(ctx, keys); err != nil {
			return nil, err
		}
	}
}

// hashPasswords returns the hashes of the passwords of new users; that of one who is
// invited is empty.
func (s *Service) hashPasswords(ctx context.Context, users []NewUser) ([]string, error) {
	var passwords []secret.Text
	for _, u := range users {
		if !u.Invite {
			passwords = append(passwords, normalPassword(u.Password))
		}
	}
	made, err := s.passwords.HashAll(ctx, passwords)
	if err != nil {
		return nil, err
	}
	hashes := make([]string, len(users))
	for i, u := range users {
		if !u.Invite {
			hashes[i], made = made[0], made[1:]
		}
	}
	return hashes, nil
}

// checkNewUsers finds every fault that can be found before the passwords are
// hashed, and returns the keys of the addresses.
func (s *Service) checkNewUsers(ctx context.Context, users []NewUser) ([]EmailKey, error) {
	switch {
	case len(users) == 0:
		return nil, Invalid(Detail{"", "must have at least one user"})
	case len(users) > MaxNewUsers:
		return nil, &Error{Code: CodeTooLarge, Message: fmt.Sprintf("At most %d users can be created at once.", MaxNewUsers)}
	}
	var c checker
	keys := make([]EmailKey, len(users))
	first := make(map[EmailKey]int, len(users))
	for i, u := range users {
		keys[i] = c.newUser(fmt.Sprintf("/%d", i), u)
		if keys[i] == "" {
			continue
		}
		if j, twice := first[keys[i]]; twice {
			c.fail(fmt.Sprintf("/%d/email", i), fmt.Sprintf("is the same address as that of /%d/email", j))
			continue
		}
		first[keys[i]] = i
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return keys, s.checkTaken(ctx, keys)
}

// checkTaken fails with CodeEmailTaken, naming each new user whose address somebody
// has.
func (s *Service) checkTaken(ctx context.Context, keys []EmailKey) error {
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
	return emailTaken(paths...)
}

// insertUsers stores new local users whose input was checked, with the default
// roles, and records them. It fails with ErrEmailTaken.
func (s *Service) insertUsers(ctx context.Context, tx Tx, caller *Principal, users []NewUser, keys []EmailKey, hashes []string) ([]User, error) {
	settings, err := loadApplicationSettings(ctx, tx)
	if err != nil {
		return nil, err
	}
	stored := make([]StoredUser, len(users))
	for i, u := range users {
		stored[i] = StoredUser{u.local(settings.DefaultRoleIDs), keys[i], hashes[i]}
	}
	ids, err := tx.InsertUsers(ctx, stored, s.now())
	if err != nil {
		return nil, err
	}
	made := make([]User, len(users))
	var events []Event
	for i, u := range stored {
		made[i] = u.User
		made[i].ID = ids[i]
		events = append(events, Event{ActionUserCreate, made[i].target(), made[i].described()})
		if users[i].Invite {
			if err := s.sendInvitation(ctx, tx, made[i], caller.From.ClientNetwork); err != nil {
				return nil, err
			}
			events = append(events, Event{Action: ActionUserInvite, Target: made[i].target()})
		}
	}
	return made, s.record(ctx, tx, caller, events...)
}

// insertUser stores one new local user whose input was checked.
func (s *Service) insertUser(ctx context.Context, tx Tx, u NewUser, key EmailKey, hash string, roles []int64) (User, error) {
	user := u.local(roles)
	id, err := tx.InsertUser(ctx, user, key, hash, s.now())
	user.ID = id
	return user, err
}

// local is the user who is made of it, with these roles.
func (u NewUser) local(roles []int64) User {
	return User{
		Email: u.Email, Name: u.Name, Surname: u.Surname, Department: u.Department, Biography: u.Biography,
		Picture: u.Picture, Provider: ProviderLocal, Identifier: u.Email, Active: u.Active,
		EULAVersion: NoEULA, RoleIDs: roles,
	}
}

const addressTaken = "is the address of another user"

func emailTaken(paths ...string) *Error {
	e := &Error{Code: CodeEmailTaken, Message: "There is a user with this e-mail address already."}
	for _, p := range paths {
		e.Details = append(e.Details, Detail{p, addressTaken})
	}
	return e
}

// UpdateUser changes all that the update names, or nothing. An administrator's
// reset of a password makes its owner choose another at the next sign-in, and ends
// his sessions and, unless they are to be kept, his keys. A user who is deactivated
// loses his sessions; his keys only rest. It fails as [Allow] says and with CodeInvalid, CodeEmailTaken, CodeNotLocalUser,
// CodeUsePasswordChange and CodeLastAdministrator.
func (s *Service) UpdateUser(ctx context.Context, caller *Principal, id int64, up UserUpdate) (User, error) {
	if err := mayUpdate(caller, id, up); err != nil {
		return User{}, err
	}
	hash := ""
	if up.Password != nil {
		if err := checkNewPassword(*up.Password, "/password"); err != nil {
			return User{}, err
		}
		var err error
		if hash, err = s.hashNew(ctx, *up.Password); err != nil {
			return User{}, err
		}
	}
	var user User
	err := s.updateAccessAs(ctx, caller, id, nil, func(ctx context.Context, tx Tx, caller *Principal, was User) error {
		if err := mayUpdate(caller, id, up); err != nil {
			return err
		}
		if up.access() {
			if err := requireCoversUser(ctx, tx, caller, id); err != nil {
				return err
			}
		}
		if up.Password != nil && was.Provider != ProviderLocal {
			return notLocalUser()
		}
		user = was
		key, err := up.apply(&user)
		if err != nil {
			return err
		}
		if err := s.storeUpdate(ctx, tx, was, &user, key, up, hash); err != nil {
			return err
		}
		if up.access() {
			if err := tx.ReleaseImported(ctx, id); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, caller, updateEvents(was, user, up)...)
	})
	if err != nil {
		return User{}, err
	}
	if up.Password != nil {
		s.passwordChanged(id)
	}
	return user, nil
}

// mayUpdate decides on an update from what it names.
func mayUpdate(caller *Principal, id int64, up UserUpdate) error {
	if up.Password != nil || up.Email != nil { // the address is where a new password's token goes
		if err := denyNamedKey(caller); err != nil {
			return err
		}
	}
	if caller.User.ID == id && !caller.User.NeedPasswordReset {
		if up.Password != nil {
			return usePasswordChange()
		}
		if up.access() {
			return &Error{Code: CodeForbidden, Message: "Through your own id you may change your name, surname, department, biography and picture only."}
		}
	}
	if up.access() {
		if err := Allow(caller, access.ActionEditAccess, access.EntityUser, id); err != nil {
			return err
		}
	}
	if up.profile() || !up.access() {
		return Allow(caller, access.ActionEdit, access.EntityUser, id)
	}
	return nil
}

// storeUpdate writes an update that was decided on, and what follows from it.
func (s *Service) storeUpdate(ctx context.Context, tx Tx, was User, user *User, key EmailKey, up UserUpdate, hash string) error {
	now := s.now()
	err := tx.UpdateUser(ctx, was, *user, key, now)
	if errors.Is(err, ErrEmailTaken) {
		return emailTaken("/email")
	}
	if err != nil {
		return err
	}
	if up.Email != nil && *up.Email != was.Email {
		if err := tx.DeleteRecoveriesOf(ctx, user.ID); err != nil {
			return err
		}
	}
	if was.Active && !user.Active {
		if err := endAccess(ctx, tx, user.ID); err != nil {
			return err
		}
	}
	if up.Password != nil {
		if err := s.resetPassword(ctx, tx, user.ID, reset{hash, true, up.KeepKeys}); err != nil {
			return err
		}
		user.NeedPasswordReset = true
	}
	if up.Unlock || up.Password != nil {
		user.LockedOut = false
		return tx.DeleteThrottlesOf(ctx, throttle.UserSubject(user.ID))
	}
	return nil
}

// endAccess ends all that lets somebody in as the user without a password, but for
// the keys.
func endAccess(ctx context.Context, tx Tx, userID int64) error {
	if err := tx.DeleteSessionsOf(ctx, userID, 0); err != nil {
		return err
	}
	return tx.DeleteRecoveriesOf(ctx, userID)
}

// mustCoverUser fails unless the caller covers everything that the user may do.
func requireCoversUser(ctx context.Context, r RoleReader, caller *Principal, id int64) error {
	roles, err := r.RolesOf(ctx, id)
	if err != nil {
		return err
	}
	return requireCovers(caller, access.Of(roles))
}

// DeleteUser removes a user for good; the id is never used again. It fails as
// [Allow] says and with CodeLastAdministrator.
func (s *Service) DeleteUser(ctx context.Context, caller *Principal, id int64) error {
	if err := Allow(caller, access.ActionDelete, access.EntityUser, id); err != nil {
		return err
	}
	return s.updateAccessAs(ctx, caller, id, nil, func(ctx context.Context, tx Tx, caller *Principal, user User) error {
		if err := Allow(caller, access.ActionDelete, access.EntityUser, id); err != nil {
			return err
		}
		if err := requireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
		if err := tx.DeleteThrottlesOf(ctx, throttle.UserSubject(id)); err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, id); err != nil {
			return err
		}
		return s.record(ctx, tx, caller, Event{Action: ActionUserDelete, Target: user.target()})
	})
}
