"""What Schemathesis has to know of Usher that the contract cannot say in its schema.

Loaded through SCHEMATHESIS_HOOKS. Reads two variables: USHER_E2E_URL, where the server is, and USHER_E2E_KEY, a session
of its administrator, whose password is the one below. The server must trust X-Forwarded-For from this machine: each request comes from a source of its
own, so that the throttle of sign-ins, which counts by source, never stands in for an answer.
"""

import itertools
import os
import threading

import requests
import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

URL = os.environ["USHER_E2E_URL"]
ADMIN_KEY = os.environ["USHER_E2E_KEY"]
ADMIN_ID = 1
ADMIN_EMAIL = "admin@localhost"
MAIL_ID = "1"  # the first message of the outbox, which the test has asked for
ABSENT_ID = "999999999"
PASSWORD = "Correct-horse-7"
NEW_PASSWORD = "Battery-staple-8"
BUILT_IN_ROLES = (1, 2)
MOST_USERS = 10

# Operations that end the session they are called with: logout at once, a password change at the fifth wrong old one.
ENDS_ITS_SESSION = ("POST /api/logout", "PATCH /api/users/password")

numbers = itertools.count(1)
lock = threading.Lock()


def unique_number():
    with lock:
        return next(numbers)


def new_source():
    """Returns an address that no request came from before."""
    n = unique_number()
    return f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def new_session():
    """Makes a user and signs in: a session that a call may end, and a password that it may get wrong."""
    email = f"caller-{unique_number()}@example.com"
    source = {"X-Forwarded-For": new_source()}
    made = requests.post(
        f"{URL}/api/users",
        json=[{"name": "Caller", "email": email, "password": PASSWORD, "active": True}],
        headers={"x-api-key": ADMIN_KEY, **source},
        timeout=30,
    )
    made.raise_for_status()
    signed_in = requests.post(f"{URL}/api/login", json={"email": email, "password": PASSWORD}, headers=source, timeout=30)
    signed_in.raise_for_status()
    return signed_in.json()["authToken"]


@schemathesis.auth(refresh_interval=None)
class Credential:
    """Signs each call in: as the administrator, or with a session that the call may end."""

    def get(self, case, context):
        return new_session() if case.operation.label in ENDS_ITS_SESSION else ADMIN_KEY

    def set(self, case, data, context):
        case.headers["x-api-key"] = data


def follow_the_rules(body):
    """Gives a body that its schema accepts the values that rules beyond the schema ask for: a password of the policy, an
    address that is one and is free, a name that is more than white space, roles that exist. A long list of users is cut,
    since hashing their passwords takes longer than all the rest; the tests of the import create a thousand."""
    if isinstance(body, list):
        return [follow_the_rules(entry) for entry in body[:MOST_USERS]]
    if not isinstance(body, dict):
        return body
    rules = {
        "name": lambda name: name if name.strip() else "Ada",
        "email": lambda _: f"user-{unique_number()}@example.com",
        "password": lambda _: PASSWORD,
        "oldPassword": lambda _: PASSWORD,
        "newPassword": lambda _: NEW_PASSWORD,
        "roles": lambda roles: [BUILT_IN_ROLES[role % 2] for role in roles],
    }
    return {name: rules[name](value) if name in rules else value for name, value in body.items()}


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers["X-Forwarded-For"] = new_source()
    path_parameters = case.path_parameters or {}
    # The run must not take its own credential away.
    if case.method != "GET" and str(path_parameters.get("id", "")).lstrip("0") == str(ADMIN_ID):
        path_parameters["id"] = ABSENT_ID
    if not is_positive(case):
        return
    case.body = follow_the_rules(case.body)
    # Every other request meets what is there: a sign-in that succeeds, a message that can be read.
    if unique_number() % 2:
        if case.operation.label == "POST /api/login":
            case.body = {"email": ADMIN_EMAIL, "password": PASSWORD}
        if case.operation.label == "GET /api/mail/{id}":
            path_parameters["id"] = MAIL_ID


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the one refusal of good data that no data made here can avoid: a recovery token is only in a message, and 400
    with this code is what the contract says of any other. The SMTP tests use real ones."""
    refused_token = (
        case.operation.label == "POST /api/users/retrieve-password"
        and response.status_code == 400
        and response.json()["error"] == "INVALID_RECOVERY_TOKEN"
    )
    return not (refused_token and isinstance(failure, RejectedPositiveData))
