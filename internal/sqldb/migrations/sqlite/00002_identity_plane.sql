-- Roles that people make, API keys, settings, the activity log, growing lists and
-- imports. Times are microseconds since 1970 in UTC; 0 is "never".

-- +goose Up

-- What a list is searched in and sorted by, in the form in which upper and lower
-- case are one. The rules write both; these are good enough for rows from before.
ALTER TABLE users ADD COLUMN sort_name TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
UPDATE users SET sort_name = lower(name), search_text = lower(name || ' ' || COALESCE(surname, '') || ' ' || email);
CREATE INDEX users_sort_name ON users (sort_name, id);

-- Until now there were the built-in roles alone.
ALTER TABLE roles ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE roles SET name_key = lower(name);
CREATE UNIQUE INDEX roles_name_key ON roles (name_key);

-- A token is limited with those of its kind alone. Until now all were of recovery.
ALTER TABLE recoveries ADD COLUMN kind TEXT NOT NULL DEFAULT 'recovery';

CREATE TABLE preferences (
    user_id    INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    language   TEXT    NOT NULL,
    profile_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A key is ended by deleting its row; the activity log remembers it. permissions
-- is JSON, and empty where the key may do what its owner may. The contract's key
-- is sealed too, so that its owner can read it again.
CREATE TABLE api_keys (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL CHECK (kind IN ('contract', 'named')),
    name         TEXT    NOT NULL,
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    hint         TEXT    NOT NULL,
    key_id       TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,
    permissions  TEXT    NOT NULL,
    failures     INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    CHECK (kind = 'contract' OR length(sealed) = 0)
) STRICT;

CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
CREATE UNIQUE INDEX api_keys_contract ON api_keys (user_id) WHERE kind = 'contract';
CREATE INDEX api_keys_user ON api_keys (user_id, id);
CREATE INDEX api_keys_expires ON api_keys (expires_at) WHERE expires_at > 0;

-- Each group of settings is one JSON object. What is not there has its default.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The secrets of settings, sealed with the server key and bound to where they are
-- sent.
CREATE TABLE setting_secrets (
    name   TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

-- The activity log. An entry is written with the change that it tells of; the
-- sealer gives it its number and its seal soon after. 0 and empty: not sealed yet.
CREATE TABLE activity (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    at            INTEGER NOT NULL,
    actor_id      INTEGER NOT NULL,
    actor_name    TEXT    NOT NULL,
    credential    TEXT    NOT NULL,
    credential_id INTEGER NOT NULL,
    source        TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    target_kind   TEXT    NOT NULL,
    target_id     INTEGER NOT NULL,
    target_name   TEXT    NOT NULL,
    changes       TEXT    NOT NULL,
    count         INTEGER NOT NULL,
    number        INTEGER NOT NULL DEFAULT 0 CHECK (number >= 0),
    key_id        TEXT    NOT NULL DEFAULT '',
    seal          BLOB    NOT NULL DEFAULT x''
) STRICT;

CREATE UNIQUE INDEX activity_number ON activity (number) WHERE number > 0;
CREATE INDEX activity_unsealed ON activity (id) WHERE number = 0;
CREATE INDEX activity_actor ON activity (actor_id, id);
CREATE INDEX activity_target ON activity (target_kind, target_id, id);
CREATE INDEX activity_action ON activity (action, id);

-- Where the chain of seals begins, after retention has removed what came before,
-- and where it ends. The row is held by whoever seals.
CREATE TABLE activity_chain (
    place  TEXT    PRIMARY KEY CHECK (place IN ('anchor', 'head')),
    number INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    seal   BLOB    NOT NULL,
    key_id TEXT    NOT NULL,
    mac    BLOB    NOT NULL
) STRICT;

INSERT INTO activity_chain (place, number, at, seal, key_id, mac)
VALUES ('anchor', 0, 0, x'', '', x''), ('head', 0, 0, x'', '', x'');

CREATE TABLE activity_checkpoints (
    number INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    seal   BLOB    NOT NULL,
    key_id TEXT    NOT NULL,
    mac    BLOB    NOT NULL
) STRICT;

-- Failed sign-ins of one source to one account (0: to none) in one minute, until
-- they become one entry of the activity log.
CREATE TABLE failed_sign_ins (
    minute  INTEGER NOT NULL,
    source  TEXT    NOT NULL,
    user_id INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (minute, source, user_id)
) STRICT;

CREATE TABLE imports (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id     INTEGER NOT NULL,
    dry_run     INTEGER NOT NULL CHECK (dry_run IN (0, 1)),
    state       TEXT    NOT NULL CHECK (state IN ('open', 'finishing', 'finished', 'undoing', 'undone')),
    row_count   INTEGER NOT NULL,
    fault_count INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    touched_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL
) STRICT;

-- The rows of imports that are not finished: the addresses that a dry run has
-- seen, and the users that an import has made. user_id 0: none was made.
CREATE TABLE import_rows (
    import_id INTEGER NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    row       INTEGER NOT NULL,
    email_key TEXT    NOT NULL,
    user_id   INTEGER NOT NULL,
    activate  INTEGER NOT NULL CHECK (activate IN (0, 1)),
    invite    INTEGER NOT NULL CHECK (invite IN (0, 1)),
    PRIMARY KEY (import_id, row)
) STRICT;

CREATE INDEX import_rows_email ON import_rows (import_id, email_key, row);
CREATE INDEX import_rows_user ON import_rows (user_id) WHERE user_id > 0;

-- The outbox carries more kinds of message than one; the rules say which.
CREATE TABLE outbox_new (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL,
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

INSERT INTO outbox_new
SELECT id, kind, state, address, source, user_id, recipient, key_id, sealed, attempts, created_at, next_attempt_at,
       expires_at, finished_at, last_error
FROM outbox;
DELETE FROM sqlite_sequence WHERE name = 'outbox_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox_new', seq FROM sqlite_sequence WHERE name = 'outbox';
DROP TABLE outbox;
ALTER TABLE outbox_new RENAME TO outbox;

CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state IN ('requested', 'ready');
CREATE INDEX outbox_user ON outbox (user_id, kind, created_at);
