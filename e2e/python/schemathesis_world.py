"""Creates the resources on the server that a run of Schemathesis uses: the caller, and resources of each kind.

It reads three environment variables:

    USHER_E2E_URL        the URL of a new server
    USHER_E2E_CALLER     a key of CALLERS
    USHER_E2E_SMTP_PORT  the port of a mail server on this machine, without TLS

The server must trust X-Forwarded-For from this machine. Each request has its own client address. Otherwise the
throttle, which counts failed sign-ins by client network, would refuse requests before they reach the operation.
"""

import functools
import itertools
import os

import requests

URL = os.environ["USHER_E2E_URL"]
KIND = os.environ["USHER_E2E_CALLER"]
SMTP_PORT = int(os.environ["USHER_E2E_SMTP_PORT"])
ADMIN_EMAIL = "admin@localhost"
CALLER_EMAIL = "caller@example.com"
PASSWORD = "Correct-horse-7"
ADMINISTRATOR, USER = 1, 2  # the built-in roles

numbers = itertools.count(1)


def unique_number():
    return next(numbers)


def new_client_address(network=10):
    """Returns an unused client address. In the access log, calls of the run have addresses in 10.0.0.0/8. Calls that
    create resources have other addresses."""
    n = unique_number()
    return f"{network}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def new_email():
    return f"user-{unique_number()}@example.com"


def call(method, path, key=None, body=None):
    """Calls the server and returns the response. Raises an exception if the server refuses the call."""
    headers = {"X-Forwarded-For": new_client_address(network=11)} | ({"x-api-key": key} if key else {})
    response = requests.request(method, URL + path, json=body, headers=headers, timeout=30)
    if not response.ok:
        raise RuntimeError(f"{method} {path} is answered {response.status_code}: {response.text}")
    return response.json() if response.content else None


def sign_in(email):
    return call("POST", "/api/login", body={"email": email, "password": PASSWORD})["authToken"]


ADMIN = sign_in(ADMIN_EMAIL)


def new_user(email=None):
    body = [{"name": "Ada", "email": email or new_email(), "password": PASSWORD, "active": True}]
    return call("POST", "/api/users", ADMIN, body)[0]


def new_role(permissions=()):
    body = [{"name": f"Role {unique_number()}", "description": "Of a test."}]
    role = call("POST", "/api/roles", ADMIN, body)[0]["id"]
    call("PUT", f"/api/roles/{role}/permissions", ADMIN, list(permissions))
    return role


def permissions(wanted):
    """Returns every permission with scope "all" whose action wanted accepts."""
    known = call("GET", "/api/users/whoami", ADMIN)["roles"][0]["permissions"]  # role 1 has every permission
    return [p for p in known if wanted(p["action"])]


def named_key(session, **limits):
    return call("POST", "/api/keys", session, {"name": "Script", **limits})["key"]


def contract_key(session):
    return call("POST", "/api/api-key", session)["key"]


# For each kind of caller, a function that returns the role and a function that creates the credential from a session.
CALLERS = {
    "administrator": (lambda: ADMINISTRATOR, lambda session: session),
    "user": (lambda: USER, lambda session: session),
    "reader": (lambda: new_role(permissions(lambda action: action == "read")), lambda session: session),
    "deputy": (lambda: new_role(permissions(lambda action: True)), lambda session: session),
    "read-only key": (lambda: ADMINISTRATOR, lambda session: named_key(session, readOnly=True)),
    "contract key": (lambda: ADMINISTRATOR, contract_key),
    "anonymous": (lambda: USER, lambda session: None),
}


class Caller:
    """A user with a session and a contract key, and the credential for calls."""

    def __init__(self, email, role):
        self.id = new_user(email)["id"]
        self.set_role(ADMINISTRATOR)  # creating the key may need a permission that the final role lacks
        self.session = sign_in(email)
        contract_key(self.session)
        self.credential = CALLERS[KIND][1](self.session)
        self.set_role(role)

    def set_role(self, role):
        call("PUT", f"/api/users/{self.id}/roles", ADMIN, {"roles": [role]})


ROLE = CALLERS[KIND][0]()
CALLER = Caller(CALLER_EMAIL, ROLE)


def new_credential():
    """Returns a credential that a call may revoke. It belongs to another user with the caller's role."""
    return Caller(new_email(), ROLE).credential


def by_caller(method, path, body):
    """Calls the server as the caller, or as the administrator if the caller has no permission."""
    try:
        return call(method, path, CALLER.session, body)
    except RuntimeError:
        return call(method, path, ADMIN, body)


def ids(path, key):
    return {str(resource["id"]) for resource in call("GET", path, key)}


# Ids that the run must not delete or change, by kind of resource: the callers, their roles and their credentials.
PROTECTED = {
    "users": {"1", str(CALLER.id)},
    "roles": {str(ROLE)},
    "sessions": ids("/api/sessions", ADMIN) | ids(f"/api/sessions?userId={CALLER.id}", ADMIN),
    "keys": ids(f"/api/keys?userId={CALLER.id}", ADMIN),
}


def new_session():
    sign_in(CALLER_EMAIL)
    return max(map(int, ids(f"/api/sessions?userId={CALLER.id}", ADMIN)))


def new_key():
    return by_caller("POST", "/api/keys", {"name": "Script"})["details"]["id"]


def new_import():
    return by_caller("POST", "/api/imports", {"dryRun": False})["id"]


def mail_id():
    """Returns the id of a new message in the outbox."""
    call("POST", "/api/users/forgotten-password", body={"email": ADMIN_EMAIL})
    return call("GET", "/api/mail", ADMIN)[0]["id"]


# Functions that create a resource and return its id. The key is the path segment after /api.
FACTORIES = {
    "users": lambda: new_user()["id"],
    "roles": new_role,
    "sessions": new_session,
    "keys": new_key,
    "imports": new_import,
    "mail": mail_id,
}


@functools.cache
def resource(kind):
    """Returns the id of a resource of the kind. Each call returns the same id."""
    return FACTORIES[kind]()
