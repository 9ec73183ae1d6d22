package httpapi

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
)

// pending are the operations of the contract that are not built yet. What is
// built is a method of handlers and no longer of this type.
type pending struct{}

// notBuilt is the answer of all of them.
var notBuilt = &account.Error{Code: account.CodeInternal, Message: "not built yet"}

func (pending) ApiAboutGet(context.Context, wire.ApiAboutGetRequestObject) (wire.ApiAboutGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiActivityLogGet(context.Context, wire.ApiActivityLogGetRequestObject) (wire.ApiActivityLogGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiActivityLogExportGet(context.Context, wire.ApiActivityLogExportGetRequestObject) (wire.ApiActivityLogExportGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiApplicationSettingsGet(context.Context, wire.ApiApplicationSettingsGetRequestObject) (wire.ApiApplicationSettingsGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiApplicationSettingsPatch(context.Context, wire.ApiApplicationSettingsPatchRequestObject) (wire.ApiApplicationSettingsPatchResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiApplicationSettingsTestMessagePost(context.Context, wire.ApiApplicationSettingsTestMessagePostRequestObject) (wire.ApiApplicationSettingsTestMessagePostResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiImportsPost(context.Context, wire.ApiImportsPostRequestObject) (wire.ApiImportsPostResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiImportsIdDelete(context.Context, wire.ApiImportsIdDeleteRequestObject) (wire.ApiImportsIdDeleteResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiImportsIdGet(context.Context, wire.ApiImportsIdGetRequestObject) (wire.ApiImportsIdGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiImportsIdFinishPost(context.Context, wire.ApiImportsIdFinishPostRequestObject) (wire.ApiImportsIdFinishPostResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiImportsIdRowsPost(context.Context, wire.ApiImportsIdRowsPostRequestObject) (wire.ApiImportsIdRowsPostResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiLdapConfigurationGet(context.Context, wire.ApiLdapConfigurationGetRequestObject) (wire.ApiLdapConfigurationGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiLdapConfigurationPatch(context.Context, wire.ApiLdapConfigurationPatchRequestObject) (wire.ApiLdapConfigurationPatchResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiLockoutPolicyGet(context.Context, wire.ApiLockoutPolicyGetRequestObject) (wire.ApiLockoutPolicyGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiLockoutPolicyPatch(context.Context, wire.ApiLockoutPolicyPatchRequestObject) (wire.ApiLockoutPolicyPatchResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiPreferencesGet(context.Context, wire.ApiPreferencesGetRequestObject) (wire.ApiPreferencesGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiPreferencesPatch(context.Context, wire.ApiPreferencesPatchRequestObject) (wire.ApiPreferencesPatchResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiSamlConfigurationGet(context.Context, wire.ApiSamlConfigurationGetRequestObject) (wire.ApiSamlConfigurationGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiSamlConfigurationPatch(context.Context, wire.ApiSamlConfigurationPatchRequestObject) (wire.ApiSamlConfigurationPatchResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiSamlConfigurationGenerateCertificateGet(context.Context, wire.ApiSamlConfigurationGenerateCertificateGetRequestObject) (wire.ApiSamlConfigurationGenerateCertificateGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiServerSettingsGet(context.Context, wire.ApiServerSettingsGetRequestObject) (wire.ApiServerSettingsGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiServerSettingsPatch(context.Context, wire.ApiServerSettingsPatchRequestObject) (wire.ApiServerSettingsPatchResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiUsersIdInvitationPost(context.Context, wire.ApiUsersIdInvitationPostRequestObject) (wire.ApiUsersIdInvitationPostResponseObject, error) {
	return nil, notBuilt
}
