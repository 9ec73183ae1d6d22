-- The first schema. Times are microseconds since 1970 in UTC; 0 is "never".
-- Ids are never used again (AUTOINCREMENT).

-- +goose Up

-- Which server keys the rest of the data was written with.
CREATE TABLE key_checks (
    id         TEXT    PRIMARY KEY,
    value      BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    email               TEXT    NOT NULL,
    email_key           TEXT    NOT NULL,
    name                TEXT    NOT NULL,
    surname             TEXT,
    department          TEXT,
    biography           TEXT,
    picture             BLOB,
    provider            TEXT    NOT NULL CHECK (provider IN ('tenable', 'ldap', 'saml', 'tone')),
    identifier          TEXT    NOT NULL,
    password_hash       TEXT    NOT NULL,
    active              INTEGER NOT NULL CHECK (active IN (0, 1)),
    need_password_reset INTEGER NOT NULL DEFAULT 0 CHECK (need_password_reset IN (0, 1)),
    eula_version        INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    CHECK (length(email_key) > 0),
    CHECK (provider = 'tenable' OR password_hash = '')
) STRICT;

CREATE UNIQUE INDEX users_email_key ON users (email_key);

CREATE TABLE roles (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    description TEXT NOT NULL
) STRICT;

-- The scope is a column of its own: having no ids must never come to mean all.
CREATE TABLE role_permissions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    role_id     INTEGER NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    entity_name TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    scope       TEXT    NOT NULL CHECK (scope IN ('all', 'ids', 'self'))
) STRICT;

CREATE UNIQUE INDEX role_permissions_once ON role_permissions (role_id, entity_name, action, scope);

CREATE TABLE role_permission_ids (
    permission_id INTEGER NOT NULL REFERENCES role_permissions (id) ON DELETE CASCADE,
    entity_id     INTEGER NOT NULL CHECK (entity_id > 0),
    PRIMARY KEY (permission_id, entity_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX role_permission_ids_entity ON role_permission_ids (entity_id);

CREATE TABLE user_roles (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role_id INTEGER NOT NULL REFERENCES roles (id) ON DELETE RESTRICT,
    PRIMARY KEY (user_id, role_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX user_roles_role ON user_roles (role_id);

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    source       TEXT    NOT NULL,
    device       TEXT    NOT NULL,
    failures     INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX sessions_hash ON sessions (hash);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_last_seen ON sessions (last_seen_at);

CREATE TABLE sign_in_throttle (
    key             TEXT    PRIMARY KEY,
    failures        INTEGER NOT NULL DEFAULT 0,
    pending         INTEGER NOT NULL DEFAULT 0,
    pending_since   INTEGER NOT NULL DEFAULT 0,
    window_failures INTEGER NOT NULL DEFAULT 0,
    window_start    INTEGER NOT NULL DEFAULT 0,
    streak          INTEGER NOT NULL DEFAULT 0,
    last_failure    INTEGER NOT NULL DEFAULT 0,
    locked_until    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE known_sources (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    source  TEXT    NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE recoveries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX recoveries_hash ON recoveries (hash);
CREATE INDEX recoveries_user ON recoveries (user_id);

-- Messages on their way out. What one says is sealed with the server key and
-- blanked when it has left.
CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL CHECK (kind IN ('recovery')),
    state           TEXT    NOT NULL CHECK (state IN ('requested', 'ready', 'delivered', 'failed')),
    address         TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    user_id         INTEGER REFERENCES users (id) ON DELETE CASCADE,
    recipient       TEXT    NOT NULL,
    key_id          TEXT    NOT NULL,
    sealed          BLOB    NOT NULL,
    attempts        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    finished_at     INTEGER NOT NULL,
    last_error      TEXT    NOT NULL,
    CHECK (state = 'requested' OR user_id IS NOT NULL),
    CHECK (state = 'ready' OR length(sealed) = 0)
) STRICT;

CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state IN ('requested', 'ready');
CREATE INDEX outbox_user ON outbox (user_id, created_at);
