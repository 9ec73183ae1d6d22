"""What Schemathesis has to know of Usher that the contract cannot say in its schema.

Loaded through SCHEMATHESIS_HOOKS. Who calls, and the things that calls are about, come from schemathesis_world.py.
"""

import collections
import itertools

import schemathesis
import schemathesis_world as world
from schemathesis.openapi.checks import RejectedPositiveData

ABSENT_ID = "999999999"
NEW_PASSWORD = "Battery-staple-8"
MOST_ENTRIES = 10
MALFORMED = (400, 405, 413, 415)
CERTIFICATE = world.call("GET", "/api/saml-configuration/generate-certificate", world.ADMIN)["encryptionCertificate"]

# Operations that end what they are called with: a password change at the fifth wrong old one, the others at once.
ENDS_ITS_CREDENTIAL = ("POST /api/logout", "PATCH /api/users/password", "DELETE /api/sessions", "POST /api/api-key")

# Operations that use up the thing that they are about, so that each call needs another.
USES_UP = ("POST /api/users/{id}/invitation", "POST /api/imports/{id}/rows", "POST /api/imports/{id}/finish")

# What users must not change of the one who calls, so that he can go on.
OWN_ACCESS = ("email", "password", "active")


# Credentials of others like the caller, which were not ended by the call that they were made for.
spare = []


class Credential:
    """Signs each call in: as the caller, or as somebody like him, whose credential the call may end."""

    def get(self, case, context):
        if case.operation.label not in ENDS_ITS_CREDENTIAL:
            return world.CALLER.credential
        return spare.pop() if spare else world.new_credential()

    def set(self, case, data, context):
        case.headers["x-api-key"] = data


if world.CALLER.credential:
    schemathesis.auth(refresh_interval=None)(Credential)


@schemathesis.hook
def after_call(context, case, response):
    if case.operation.label in ENDS_ITS_CREDENTIAL and response.status_code in MALFORMED and "x-api-key" in case.headers:
        spare.append(case.headers["x-api-key"])


def name(value):
    """A name that is more than white space, and is free."""
    return f"{value.strip()[:200]} {world.unique_number()}"


# Values that rules beyond the schema ask for, by the name of the field: a password of the policy, an address that is one and
# is free, roles that exist, a mail server on this machine. Sessions have to outlive the run.
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
    """Gives a body that its schema accepts the values that rules beyond the schema ask for. A long list is cut, since hashing
    the passwords of many users takes longer than all the rest; the tests of the import create a thousand."""
    if isinstance(body, list):
        return [follow_the_rules(entry) for entry in body[:MOST_ENTRIES]]
    if not isinstance(body, dict):
        return body
    body = {field: RULES[field](value) if field in RULES else follow_the_rules(value) for field, value in body.items()}
    if body.get("readOnly"):
        body.pop("permissions", None)  # one or the other
    if body.get("entityIds"):
        body.pop("dynamicId", None)  # likewise
    if body.get("tls"):
        body["smtpUseStartTLS"] = False  # likewise
    elif body.get("smtpUseStartTLS"):
        body["tls"] = False
    return body


def enable_what_is_complete(case):
    """A provider can be enabled when it is known where it is and how to trust it."""
    needs = {"PATCH /api/ldap-configuration": ["url"], "PATCH /api/saml-configuration": ["providerLoginUrl", "signatureCertificate"]}
    if case.operation.label in needs and isinstance(case.body, dict):
        case.body["enabled"] = all(case.body.get(field) for field in needs[case.operation.label])


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_stateful(case):
    return case.meta is not None and case.meta.phase.name == "stateful"


def keep(case, kind):
    """The run must not take its own credential away, nor the rights of its caller."""
    if case.method == "GET":
        return
    parameters = case.path_parameters or {}
    id = str(parameters.get("id", "")).lstrip("0")
    if id in world.KEPT.get(kind, ()):
        if case.method == "PATCH" and kind == "users" and isinstance(case.body, dict) and id == str(world.CALLER.id):
            for field in OWN_ACCESS:
                case.body.pop(field, None)
        else:
            parameters["id"] = ABSENT_ID
    if str((case.query or {}).get("userId", "")) in world.KEPT["users"]:
        case.query["userId"] = ABSENT_ID


turns = collections.defaultdict(itertools.count)


def meet(case, kind):
    """Lets two of three calls meet what is there. Sequences find things of their own."""
    label, parameters = case.operation.label, case.path_parameters or {}
    choice = next(turns[label]) % 3
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
            elif case.method == "DELETE" or label in USES_UP:
                parameters[parameter] = str(world.MAKERS[kind]())
            else:
                parameters[parameter] = str(world.thing(kind))
    for parameter, found in (("userId", world.thing("users")), ("actor", world.CALLER.id), ("role", world.USER)):
        if parameter in query:
            query[parameter] = found


@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers["X-Forwarded-For"] = world.new_source()
    kind = case.path.split("/")[2]
    if is_positive(case):
        case.body = follow_the_rules(case.body)
        enable_what_is_complete(case)
        meet(case, kind)
    keep(case, kind)


# Refusals of good data that no data made here can avoid: 400, with a code or the place of the fault. A token is only in a message,
# a cursor only in the answer before. Tests with real ones are TestRecoveryByMail and those of the pages.
UNAVOIDABLE_CODES = ("INVALID_RECOVERY_TOKEN",)
UNAVOIDABLE_PATHS = ("/query/cursor",)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the refusals that cannot be avoided."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    refusal = response.json()
    return not (
        refusal["error"] in UNAVOIDABLE_CODES
        or {fault["path"] for fault in refusal.get("details", [])} & set(UNAVOIDABLE_PATHS)
    )
