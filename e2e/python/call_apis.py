"""Calls every operation outside the user page with the generated client, and checks the values that the client returns.

    call_apis.py URL < session token of an administrator

The server must be new and have no mail server. The script fails at the first operation whose response the client
can't decode, or decodes wrongly.
"""

import datetime
import sys

import ad
from ad.rest import ApiException

PASSWORD = "Analytical-1"

configuration = ad.Configuration()
configuration.host = sys.argv[1]
configuration.api_key["x-api-key"] = KEY = sys.stdin.read().strip()
client = ad.ApiClient(configuration)
called = set()


class Api:
    """Wraps a generated API class. Methods of the wrapper add the key parameter that each generated method has."""

    def __init__(self, api):
        self.api = api(client)

    def __getattr__(self, name):
        called.add(name)
        method = getattr(self.api, name)

        def call(*arguments, body=None, **query):
            bodies = [] if body is None else [body]  # the body is the first parameter
            return method(*bodies, KEY, *arguments, **query)

        return call


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def of_type(got, want):
    assert type(got) is want, f"got a {type(got).__name__}, want a {want.__name__}"
    return got


def refused(status, call):
    try:
        call()
    except ApiException as refusal:
        equal(refusal.status, status)
    else:
        raise AssertionError(f"the call succeeded, want {status}")


def roles():
    api = Api(ad.RoleApi)
    (role,) = api.api_roles_post(body=[ad.ApiRolesBody(name="Desk", description="Resets passwords.")])
    equal((of_type(role, ad.Role).name, role.permissions), ("Desk", []))
    wanted = [
        ad.ApirolesPermissions(entity_name="user", action="read", entity_ids=[1, "2"]),
        ad.ApirolesPermissions(entity_name="session", action="read", dynamic_id="self-user-id"),
        ad.ApirolesPermissions(entity_name="mail", action="read"),
    ]
    stored = api.api_roles_id_permissions_put(str(role.id), body=wanted)
    found = {(p.entity_name, p.action): (p.entity_ids, p.dynamic_id) for p in stored.permissions}
    equal(found, {
        ("user", "read"): ([1, 2], None),
        ("session", "read"): (None, "self-user-id"),
        ("mail", "read"): (None, None),
    })
    copy = api.api_roles_from_from_id_post(str(role.id), body=ad.FromFromIdBody1(name="Copy"))
    equal(len(copy.permissions), 3)
    equal(api.api_roles_id_patch(str(copy.id), body=ad.RolesIdBody(description="A copy.")).description, "A copy.")
    equal(api.api_roles_id_get(str(copy.id)).name, "Copy")
    equal([r.id for r in api.api_roles_get()], [1, 2, role.id, copy.id])
    equal([r.id for r in api.api_roles_user_creation_defaults_get()], [2])
    api.api_roles_id_delete(str(copy.id), replace_with=role.id)
    refused(404, lambda: api.api_roles_id_get(str(copy.id)))
    refused(409, lambda: api.api_roles_id_delete("2"))


def keys():
    api = Api(ad.APIKeyApi)
    refused(404, api.api_api_key_get)
    key = of_type(api.api_api_key_post(), ad.ContractKey).key
    equal(api.api_api_key_get().key, key)
    created = api.api_keys_post(body=ad.NewKey(name="nightly", expires_in_days=7, read_only=True))
    of_type(created.details, ad.Key)
    of_type(created.details.expires_at, datetime.datetime)
    contract, named = api.api_keys_get()
    equal((contract.kind, contract.expires_at, contract.permissions), ("contract", None, None))
    equal((named.id, named.hint, named.last_used_at), (created.details.id, created.key[-4:], None))
    assert {p.action for p in named.permissions} == {"read"}, named.permissions
    api.api_keys_id_delete(str(named.id))
    equal([k.id for k in api.api_keys_get(user_id=1)], [contract.id])
    api.api_keys_delete()
    equal(api.api_keys_get(), [])


def sessions():
    api = Api(ad.SessionApi)
    login = ad.UserApi(client).api_login_post(ad.ApiLoginBody(email="admin@localhost", password="Correct-horse-7"))
    first, second = api.api_sessions_get()
    equal((first.current, second.current), (True, False))
    of_type(second.expires_at, datetime.datetime)
    api.api_sessions_id_delete(str(second.id))
    refused(401, lambda: ad.SessionApi(client_with(login.auth_token)).api_sessions_get(login.auth_token))
    api.api_sessions_delete(keep_current=True)
    equal(len(api.api_sessions_get(user_id=1)), 1)


def client_with(key):
    other = ad.Configuration()
    other.host = sys.argv[1]
    other.api_key = {"x-api-key": key}  # copies of a configuration share the dict
    return ad.ApiClient(other)


def settings():
    policy = Api(ad.LockoutPolicyApi)
    equal(policy.api_lockout_policy_patch(body=ad.LockoutPolicyUpdate(failed_attempt_threshold=5)), None)
    equal(of_type(policy.api_lockout_policy_get(), ad.LockoutPolicy).failed_attempt_threshold, 5)

    preferences = Api(ad.PreferencesApi)
    equal(of_type(preferences.api_preferences_get(), ad.Preferences).language, "en")
    changed = preferences.api_preferences_patch(body=ad.Preferences(language="fr", preferred_profile_id=2))
    equal(changed.preferred_profile_id, 2)

    application = Api(ad.ApplicationSettingsApi)
    untouched = of_type(application.api_application_settings_get(), ad.ApplicationSettings)
    initial = (untouched.smtp_server_address, untouched.default_role_ids, untouched.user_registration)
    equal(initial, (None, [2], False))
    change = ad.ApiApplicationsettingsBody(
        smtp_server_address="127.0.0.1", smtp_server_port=1, smtp_account="usher", smtp_account_password=PASSWORD
    )
    changed = application.api_application_settings_patch(body=change)
    equal((changed.smtp_server_port, changed.smtp_account_password), (1, "********"))
    result = of_type(application.api_application_settings_test_message_post(), ad.TestMessageResult)
    equal(result.delivered, False)
    of_type(result.cause, str)

    server = Api(ad.ServerSettingsApi)
    equal(of_type(server.api_server_settings_get(), ad.ServerSettings).session_idle_minutes, 720)
    changed = server.api_server_settings_patch(body=ad.ServerSettingsUpdate(session_idle_minutes=60))
    equal(changed.session_idle_minutes, 60)

    ldap = Api(ad.LDAPConfigurationApi)
    equal(of_type(ldap.api_ldap_configuration_get(), ad.LdapConfiguration).url, None)
    group = ad.AllowedGroup(name="Staff", default_role_ids=[2], default_profile_id=1)
    body = ad.ApiLdapconfigurationBody(
        url="ldaps://directory.example.com", search_user_password=PASSWORD, allowed_groups=[group]
    )
    changed = ldap.api_ldap_configuration_patch(body=body)
    equal((changed.search_user_password, changed.allowed_groups[0].name), ("********", "Staff"))

    saml = Api(ad.SAMLConfigurationApi)
    equal(of_type(saml.api_saml_configuration_get(), ad.SamlConfiguration).enabled, False)
    certificate = saml.api_saml_configuration_generate_certificate_get().encryption_certificate
    assert certificate.startswith("-----BEGIN CERTIFICATE-----"), certificate
    changed = saml.api_saml_configuration_patch(body=ad.ApiSamlconfigurationBody(signature_certificate=certificate))
    equal((changed.encryption_certificate, changed.provider_login_url), (certificate, None))


def imports():
    api = Api(ad.ImportApi)
    i = api.api_imports_post(body=ad.NewImport(dry_run=False))
    equal((of_type(i, ad.ModelImport).state, i.finished_at), ("open", None))
    users = [
        ad.ImportUser(name="Bob", email="bob@example.com", active=True),
        ad.ImportUser(name="Cy", email="cy@example.com", password=PASSWORD),
    ]
    result = api.api_imports_id_rows_post(str(i.id), body=ad.ImportRows(first=1, users=users))
    equal((result._import.rows, result.faults), (2, []))
    equal(api.api_imports_id_finish_post(str(i.id)).state, "finished")
    of_type(api.api_imports_id_get(str(i.id)).finished_at, datetime.datetime)

    dry_run = api.api_imports_post(body=ad.NewImport(dry_run=True))
    users = [ad.ImportUser(name="Bob", email="BOB@example.com")]
    (fault,) = api.api_imports_id_rows_post(str(dry_run.id), body=ad.ImportRows(first=1, users=users)).faults
    equal((fault.row, fault.path), (1, "/email"))
    equal(api.api_imports_id_delete(str(dry_run.id)).state, "undone")

    bob = next(u for u in ad.UserApi(client).api_users_get(KEY) if u.email == "bob@example.com")
    Api(ad.InvitationApi).api_users_id_invitation_post(str(bob.id))
    mail = Api(ad.MailApi)
    message = of_type(mail.api_mail_get()[-1], ad.MailMessage)
    equal(mail.api_mail_id_get(str(message.id)).kind, message.kind)


def activity():
    api = Api(ad.ActivityLogApi)
    (entry,) = api.api_activity_log_get(action="preferences.update", limit=1)
    equal((of_type(entry, ad.ActivityEntry).actor.id, entry.credential.kind), (1, "session"))
    language = next(change for change in entry.changes if change.field == "language")
    equal((language._from, language.to), ("en", "fr"))
    of_type(api.api_activity_log_export_get(), str)


def main():
    assert ad.AboutApi(client).api_about_get().version
    called.add("api_about_get")
    for check in (roles, keys, sessions, settings, imports, activity):
        check()
    apis = [getattr(ad, name) for name in dir(ad) if name.endswith("Api") and name != "UserApi"]
    names = {name for api in apis for name in dir(api)} - {"api_client"}
    operations = {n for n in names if n.startswith("api_") and not n.endswith("_with_http_info")}
    equal(operations - called, set())


main()
