"""What a run of Schemathesis finds on the server: somebody who calls, and things that calls are about.

Reads three variables: USHER_E2E_URL, where the server is, USHER_E2E_CALLER, one of the kinds of CALLERS, and
USHER_E2E_SMTP_PORT, where there is a mail server without TLS on this machine. The server is a new one; its first administrator
makes all the rest. It must trust X-Forwarded-For from this machine: each request comes from a source of its own, so that the
throttle of sign-ins, which counts by source, never stands in for an answer.
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


def new_source(network=10):
    """Returns an address that no request came from before. Network 10 is for the calls of the run, which the test tells by
    it from those that only make things."""
    n = unique_number()
    return f"{network}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def new_email():
    return f"user-{unique_number()}@example.com"


def call(method, path, key=None, body=None):
    """Calls the server, which must not refuse, and returns what it answers."""
    headers = {"X-Forwarded-For": new_source(network=11)} | ({"x-api-key": key} if key else {})
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
    role = call("POST", "/api/roles", ADMIN, [{"name": f"Role {unique_number()}", "description": "Of a test."}])[0]["id"]
    call("PUT", f"/api/roles/{role}/permissions", ADMIN, list(permissions))
    return role


def permissions(wanted):
    """Returns the permissions that Usher knows, for everything, that have an action which is wanted."""
    known = call("GET", "/api/users/whoami", ADMIN)["roles"][0]["permissions"]  # role 1 holds each
    return [p for p in known if wanted(p["action"])]


def named_key(session, **limits):
    return call("POST", "/api/keys", session, {"name": "Script", **limits})["key"]


def contract_key(session):
    return call("POST", "/api/api-key", session)["key"]


# Each kind of caller: the role it has, and what makes its credential from a session of its user.
CALLERS = {
    "administrator": (lambda: ADMINISTRATOR, lambda session: session),
    "user": (lambda: USER, lambda session: session),
    "reader": (lambda: new_role(permissions(lambda action: action == "read")), lambda session: session),
    "deputy": (lambda: new_role(permissions(lambda action: True)), lambda session: session),
    "read-only key": (lambda: ADMINISTRATOR, lambda session: named_key(session, readOnly=True)),
    "contract key": (lambda: ADMINISTRATOR, contract_key),
    "nobody": (lambda: USER, lambda session: None),
}


class Caller:
    """Somebody of the kind: a user with a session and a key, and the credential that calls are made with."""

    def __init__(self, email, role):
        self.id = new_user(email)["id"]
        self.give(ADMINISTRATOR)  # so that he can make a key that he may later only read
        self.session = sign_in(email)
        contract_key(self.session)
        self.credential = CALLERS[KIND][1](self.session)
        self.give(role)

    def give(self, role):
        call("PUT", f"/api/users/{self.id}/roles", ADMIN, {"roles": [role]})


ROLE = CALLERS[KIND][0]()
CALLER = Caller(CALLER_EMAIL, ROLE)


def new_credential():
    """Returns a credential of another user with the caller's role, which a call may end."""
    return Caller(new_email(), ROLE).credential


def by_caller(method, path, body):
    """Calls the server as the caller, or as the administrator where the caller may not."""
    try:
        return call(method, path, CALLER.session, body)
    except RuntimeError:
        return call(method, path, ADMIN, body)


def ids(path, key):
    return {str(thing["id"]) for thing in call("GET", path, key)}


# What the run must not take away: the callers, what they may do, and what they call with.
KEPT = {
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
    """Returns a message of the outbox."""
    call("POST", "/api/users/forgotten-password", body={"email": ADMIN_EMAIL})
    return call("GET", "/api/mail", ADMIN)[0]["id"]


# What makes a thing of each kind, and returns its id. The kinds are the words of the paths behind /api.
MAKERS = {
    "users": lambda: new_user()["id"],
    "roles": new_role,
    "sessions": new_session,
    "keys": new_key,
    "imports": new_import,
    "mail": mail_id,
}


@functools.cache
def thing(kind):
    """Returns the id of one thing of the kind, always the same."""
    return MAKERS[kind]()
