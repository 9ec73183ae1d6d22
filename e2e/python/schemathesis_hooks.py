"""Hooks that make Schemathesis follow constraints that the contract's schema can't express.

Schemathesis loads this file because the variable SCHEMATHESIS_HOOKS names it. schemathesis_world.py creates the caller
and the resources.
"""

import collections
import itertools

import schemathesis
import schemathesis_world as world
from schemathesis.openapi.checks import RejectedPositiveData

ABSENT_ID = "999999999"
NEW_PASSWORD = "Battery-staple-8"
MAX_ENTRIES = 10
MALFORMED = (400, 405, 413, 415)
CERTIFICATE = world.call("GET", "/api/saml-configuration/generate-certificate", world.ADMIN)["encryptionCertificate"]

# Operations that can revoke the credential of their call. A password change does so at the fifth wrong password, the
# other operations at once.
REVOKES_CREDENTIAL = (
    "POST /api/logout", "PATCH /api/users/password", "DELETE /api/sessions", "DELETE /api/keys", "POST /api/api-key",
)

# Operations that succeed only once for each resource, so each call gets a new resource.
CONSUMES_RESOURCE = ("POST /api/users/{id}/invitation", "POST /api/imports/{id}/rows", "POST /api/imports/{id}/finish")

# Fields of the caller's own user that must keep their values during the run.
OWN_ACCESS = ("email", "password", "active")


# Credentials of users like the caller, which were created for calls that may revoke them and then didn't. Later calls
# reuse them.
spare = []


class Credential:
    """Authenticates each call as the caller, or as a similar user if the call may revoke its credential."""

    def get(self, case, context):
        if case.operation.label not in REVOKES_CREDENTIAL:
            return world.CALLER.credential
        return spare.pop() if spare else world.new_credential()

    def set(self, case, data, context):
        case.headers["x-api-key"] = data


if world.CALLER.credential:
    schemathesis.auth(refresh_interval=None)(Credential)


@schemathesis.hook
def after_call(context, case, response):
    if case.operation.label in REVOKES_CREDENTIAL and response.status_code in MALFORMED and "x-api-key" in case.headers:
        spare.append(case.headers["x-api-key"])


def name(value):
    """Returns a unique name that is not only white space."""
    return f"{value.strip()[:200]} {world.unique_number()}"


# Functions that turn a generated value into one that Usher accepts, by field name. The results are passwords that
# satisfy the policy, unused email addresses, existing roles, a mail server on this machine, and session lifetimes
# longer than the run.
RULES = {
    "name": name,
    "emailSenderName": lambda _: "Accounts",
    "email": lambda _: world.new_email(),
    "emailSender": lambda _: world.new_email(),
    "password": lambda _: world.PASSWORD,
    "oldPassword": lambda _: world.PASSWORD,
    "newPassword": lambda _: NEW_PASSWORD,
    "roles": lambda roles: [role % 2 + 1 for role in roles],
    "defaultRoleIds": lambda roles: [world.USER for _ in roles],
    "first": lambda _: 1,
    "entityName": lambda _: "user",
    "action": lambda _: "read",
    "entityIds": lambda ids: [1] if ids else None,
    "language": lambda _: "en",
    "userRegistration": lambda _: False,
    "smtpServerAddress": lambda value: value and "127.0.0.1",
    "smtpServerPort": lambda value: value and world.SMTP_PORT,
    "smtpAccount": lambda value: value and "usher",
    "internalCertificate": lambda value: value and CERTIFICATE,
    "signatureCertificate": lambda value: value and CERTIFICATE,
    "publicUrl": lambda value: value and world.URL,
    "url": lambda value: value and "ldaps://directory.example.com",
    "userSearchFilter": lambda value: value and "(uid={{login}})",
    "providerLoginUrl": lambda value: value and "https://provider.example.com/saml",
    "sessionIdleMinutes": lambda minutes: max(minutes, 1440),
    "sessionAbsoluteMinutes": lambda minutes: max(minutes, 43200),
}


def follow_the_rules(body):
    """Replaces values of a valid body so that they satisfy RULES. It also truncates long lists, because hashing the
    passwords of many users would take most of the run. Tests of the import create a thousand users."""
    if isinstance(body, list):
        return [follow_the_rules(entry) for entry in body[:MAX_ENTRIES]]
    if not isinstance(body, dict):
        return body
    body = {field: RULES[field](value) if field in RULES else follow_the_rules(value) for field, value in body.items()}
    if body.get("readOnly"):
        body.pop("permissions", None)  # a read-only key can't have permissions
    if body.get("entityIds"):
        body.pop("dynamicId", None)  # a permission can't have both ids and a dynamicId
    if body.get("tls"):
        body["smtpUseStartTLS"] = False  # only one of tls and smtpUseStartTLS may be set
    elif body.get("smtpUseStartTLS"):
        body["tls"] = False
    return body


def enable_complete_provider(case):
    """Enables a provider only if its URL is set and, for SAML, its certificate."""
    needs = {
        "PATCH /api/ldap-configuration": ["url"],
        "PATCH /api/saml-configuration": ["providerLoginUrl", "signatureCertificate"],
    }
    if case.operation.label in needs and isinstance(case.body, dict):
        case.body["enabled"] = all(case.body.get(field) for field in needs[case.operation.label])


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_stateful(case):
    return case.meta is not None and case.meta.phase.name == "stateful"


def protect(case, kind):
    """Keeps the run from revoking its own credential, and from changing the permissions of its caller."""
    if case.method == "GET":
        return
    parameters = case.path_parameters or {}
    id = str(parameters.get("id", "")).lstrip("0")
    if id in world.PROTECTED.get(kind, ()):
        if case.method == "PATCH" and kind == "users" and isinstance(case.body, dict) and id == str(world.CALLER.id):
            for field in OWN_ACCESS:
                case.body.pop(field, None)
        else:
            parameters["id"] = ABSENT_ID
    if str((case.query or {}).get("userId", "")) in world.PROTECTED["users"]:
        case.query["userId"] = ABSENT_ID


call_counts = collections.defaultdict(itertools.count)


def use_existing_resources(case, kind):
    """Makes two of three calls use existing resources. Calls in a sequence use resources that the sequence created."""
    label, parameters = case.operation.label, case.path_parameters or {}
    choice = next(call_counts[label]) % 3
    if label == "POST /api/login" and choice:
        case.body = {"email": world.CALLER_EMAIL, "password": world.PASSWORD}
    query = case.query or {}
    if "replaceWith" in query:
        query["replaceWith"] = world.USER
    if is_stateful(case) or choice == 0:
        return
    for parameter in ("id", "fromId"):
        if parameter in parameters:
            if choice == 1 and kind == "users" and case.method in ("GET", "PATCH"):
                parameters[parameter] = str(world.CALLER.id)
            elif case.method == "DELETE" or label in CONSUMES_RESOURCE:
                parameters[parameter] = str(world.FACTORIES[kind]())
            else:
                parameters[parameter] = str(world.resource(kind))
    for parameter, found in (("userId", world.resource("users")), ("actor", world.CALLER.id), ("role", world.USER)):
        if parameter in query:
            query[parameter] = found


@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers["X-Forwarded-For"] = world.new_client_address()
    kind = case.path.split("/")[2]
    if is_positive(case):
        case.body = follow_the_rules(case.body)
        enable_complete_provider(case)
        use_existing_resources(case, kind)
    protect(case, kind)


# Error codes and paths of 400 responses to valid data that the hooks can't avoid. A recovery token is only in a
# message, and a cursor only in the previous response. TestRecoveryByMail and the tests of pagination cover these
# operations.
UNAVOIDABLE_CODES = ("INVALID_RECOVERY_TOKEN",)
UNAVOIDABLE_PATHS = ("/query/cursor",)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops failures that are only 400 responses with UNAVOIDABLE_CODES or UNAVOIDABLE_PATHS."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    refusal = response.json()
    return not (
        refusal["error"] in UNAVOIDABLE_CODES
        or {fault["path"] for fault in refusal.get("details", [])} & set(UNAVOIDABLE_PATHS)
    )
