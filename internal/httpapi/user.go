package httpapi

import (
	"context"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// userService reads and changes users.
type userService interface {
	ListUsers(ctx context.Context, caller *account.Principal, yield func(account.User) error) error
	FindUsers(
		ctx context.Context, caller *account.Principal, filter account.UserFilter, sort account.UserSort,
		cursor string, limit int,
	) (account.UserPage, error)
	CreateUsers(ctx context.Context, caller *account.Principal, users []account.NewUser) ([]account.User, error)
	EncodedUser(
		ctx context.Context, caller *account.Principal, id int64, encode func(account.User) ([]byte, error),
	) ([]byte, error)
	UpdateUser(
		ctx context.Context, caller *account.Principal, id int64, update account.UserUpdate,
	) (account.User, error)
	DeleteUser(ctx context.Context, caller *account.Principal, id int64) error
	SetUserRoles(ctx context.Context, caller *account.Principal, id int64, roleIDs []int64) ([]int64, error)
	InviteUser(ctx context.Context, caller *account.Principal, id int64) error
}

type userHandlers struct{ service userService }

func (h userHandlers) ApiUsersWhoamiGet(
	ctx context.Context, _ wire.ApiUsersWhoamiGetRequestObject,
) (wire.ApiUsersWhoamiGetResponseObject, error) {
	return whoamiAnswer{requestOf(ctx).caller}, nil
}

// whoamiAnswer describes the caller. No other answer is sent as often, so its JSON is cached with the principal.
type whoamiAnswer struct{ caller *account.Principal }

// VisitApiUsersWhoamiGetResponse writes the JSON of the caller.
func (a whoamiAnswer) VisitApiUsersWhoamiGetResponse(w http.ResponseWriter) error {
	body, err := a.caller.Encoded(func() ([]byte, error) { return encode(wireWhoami(a.caller)) })
	if err != nil {
		return err
	}
	return writeBody(w, body)
}

// ApiUsersGet returns one page of users if the query has a parameter of the contract, else all users.
func (h userHandlers) ApiUsersGet(
	ctx context.Context, r wire.ApiUsersGetRequestObject,
) (wire.ApiUsersGetResponseObject, error) {
	if r.Params == (wire.ApiUsersGetParams{}) {
		return userList{ctx: ctx, service: h.service}, nil
	}
	filter := account.UserFilter{
		Search: r.Params.Search, RoleID: r.Params.Role, Active: r.Params.Active, Locked: r.Params.Locked,
		Provider: (*account.Provider)(r.Params.Provider),
	}
	sort := account.SortByID
	if r.Params.Sort != nil {
		sort = account.UserSort(*r.Params.Sort)
	}
	cursor, limit := valueOr(r.Params.Cursor, ""), valueOr(r.Params.Limit, account.DefaultPage)
	page, err := h.service.FindUsers(ctx, requestOf(ctx).caller, filter, sort, cursor, limit)
	if err != nil {
		return nil, err
	}
	return userPage(page), nil
}

// userList streams all users, so memory use doesn't grow with their number.
type userList struct {
	ctx     context.Context
	service userService
}

// VisitApiUsersGetResponse writes the list of all users as JSON.
func (l userList) VisitApiUsersGetResponse(w http.ResponseWriter) error {
	return writeList(w, wireUser, func(yield func(account.User) error) error {
		return l.service.ListUsers(l.ctx, requestOf(l.ctx).caller, yield)
	})
}

// userPage is one page of users and the cursor of the next page.
type userPage account.UserPage

// VisitApiUsersGetResponse writes the page as JSON and its cursor as a header.
func (p userPage) VisitApiUsersGetResponse(w http.ResponseWriter) error {
	if p.Next != "" {
		w.Header().Set(nextCursor, p.Next)
	}
	return writeList(w, wireUser, func(yield func(account.User) error) error {
		for _, u := range p.Users {
			if err := yield(u); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h userHandlers) ApiUsersPost(
	ctx context.Context, r wire.ApiUsersPostRequestObject,
) (wire.ApiUsersPostResponseObject, error) {
	users := make([]account.NewUser, len(*r.Body))
	for i, u := range *r.Body {
		users[i] = newUser(u)
	}
	created, err := h.service.CreateUsers(ctx, requestOf(ctx).caller, users)
	if err != nil {
		return nil, err
	}
	answer := make(wire.ApiUsersPost201JSONResponse, len(created))
	for i, u := range created {
		answer[i] = wireUser(u)
	}
	return answer, nil
}

func (h userHandlers) ApiUsersIdGet(
	ctx context.Context, r wire.ApiUsersIdGetRequestObject,
) (wire.ApiUsersIdGetResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	body, err := h.service.EncodedUser(ctx, requestOf(ctx).caller, id, func(u account.User) ([]byte, error) {
		return encode(wireUser(u))
	})
	if err != nil {
		return nil, err
	}
	return userAnswer(body), nil
}

// userAnswer is the JSON of one user, already encoded.
type userAnswer []byte

// VisitApiUsersIdGetResponse writes the JSON of the user.
func (a userAnswer) VisitApiUsersIdGetResponse(w http.ResponseWriter) error { return writeBody(w, a) }

func (h userHandlers) ApiUsersIdPatch(
	ctx context.Context, r wire.ApiUsersIdPatchRequestObject,
) (wire.ApiUsersIdPatchResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	update := userUpdate(*r.Body)
	update.KeepKeys = isTrue(r.Params.KeepKeys)
	u, err := h.service.UpdateUser(ctx, requestOf(ctx).caller, id, update)
	if err != nil {
		return nil, err
	}
	return wire.ApiUsersIdPatch200JSONResponse(wireUser(u)), nil
}

func (h userHandlers) ApiUsersIdDelete(
	ctx context.Context, r wire.ApiUsersIdDeleteRequestObject,
) (wire.ApiUsersIdDeleteResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	if err := h.service.DeleteUser(ctx, requestOf(ctx).caller, id); err != nil {
		return nil, err
	}
	return wire.ApiUsersIdDelete204Response{}, nil
}

func (h userHandlers) ApiUsersIdRolesPut(
	ctx context.Context, r wire.ApiUsersIdRolesPutRequestObject,
) (wire.ApiUsersIdRolesPutResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	roles, err := h.service.SetUserRoles(ctx, requestOf(ctx).caller, id, r.Body.Roles)
	if err != nil {
		return nil, err
	}
	return wire.ApiUsersIdRolesPut200JSONResponse{Roles: roles}, nil
}

func (h userHandlers) ApiUsersIdInvitationPost(
	ctx context.Context, r wire.ApiUsersIdInvitationPostRequestObject,
) (wire.ApiUsersIdInvitationPostResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	if err := h.service.InviteUser(ctx, requestOf(ctx).caller, id); err != nil {
		return nil, err
	}
	return wire.ApiUsersIdInvitationPost204Response{}, nil
}

func wireUser(u account.User) wire.User {
	return wire.User{
		ID: u.ID, Name: u.Name, Surname: u.Surname, Email: u.Email, Provider: wire.Provider(u.Provider),
		Identifier: u.Identifier, Department: u.Department, Biography: u.Biography, Active: u.Active,
		Picture: pictureNumbers(u.Picture), LockedOut: u.LockedOut, EulaVersion: u.EULAVersion,
		Roles: emptyIfNil(u.RoleIDs),
	}
}

func wireWhoami(p *account.Principal) wire.Whoami {
	u := p.User
	return wire.Whoami{
		ID: u.ID, Name: u.Name, Surname: u.Surname, Email: u.Email, Provider: wire.Provider(u.Provider),
		Identifier: u.Identifier, Department: u.Department, Biography: u.Biography, Active: u.Active,
		Picture: pictureNumbers(u.Picture), LockedOut: u.LockedOut, EulaVersion: u.EULAVersion, Internal: false,
		Roles: wireRoles(p.Roles),
	}
}

func newUser(u wire.NewUser) account.NewUser {
	n := account.NewUser{
		Email:    u.Email,
		Profile:  account.Profile{Name: u.Name, Surname: u.Surname, Department: u.Department, Biography: u.Biography},
		Password: secret.New(u.Password),
		Active:   isTrue(u.Active),
	}
	if u.Picture != nil {
		n.Picture = pictureBytes(*u.Picture)
	}
	return n
}

func importUser(u wire.ImportUser) account.ImportUser {
	return account.ImportUser{
		Email:   u.Email,
		Profile: account.Profile{Name: u.Name, Surname: u.Surname, Department: u.Department, Biography: u.Biography},
		Active:  isTrue(u.Active), Password: optionalSecret(u.Password), PasswordHash: optionalSecret(u.PasswordHash),
	}
}

func userUpdate(u wire.UserUpdate) account.UserUpdate {
	update := account.UserUpdate{
		ProfileUpdate: account.ProfileUpdate{
			Name: u.Name, Surname: clearable(u.Surname), Department: clearable(u.Department),
			Biography: clearable(u.Biography),
		},
		Email: u.Email, Active: u.Active,
		Unlock:   u.LockedOut != nil, // if present, the contract allows only false
		Password: optionalSecret(u.Password),
	}
	if u.Picture.IsSpecified() {
		numbers, _ := u.Picture.Get() // null: no picture
		bytes := pictureBytes(numbers)
		update.Picture = &bytes
	}
	return update
}

// pictureNumbers converts a picture to an array of numbers: the form that pictures have in the contract.
func pictureNumbers(bytes []byte) *[]int {
	if len(bytes) == 0 {
		return nil
	}
	numbers := make([]int, len(bytes))
	for i, b := range bytes {
		numbers[i] = int(b)
	}
	return &numbers
}

// pictureBytes is the inverse of [pictureNumbers]. Each number fits into a byte, because the contract limits it to 255.
func pictureBytes(numbers []int) []byte {
	if len(numbers) == 0 {
		return nil
	}
	bytes := make([]byte, len(numbers))
	for i, n := range numbers {
		bytes[i] = byte(n)
	}
	return bytes
}
