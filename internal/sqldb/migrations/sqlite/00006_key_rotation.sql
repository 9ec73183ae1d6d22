-- +goose Up

-- The part of each server key: see internal/account/server_key.go. Until now the key
-- with the newest check value sealed. created_at is the beginning of the state.
ALTER TABLE key_checks ADD COLUMN state TEXT NOT NULL DEFAULT 'retiring'
    CHECK (state IN ('announced', 'current', 'retiring', 'retired'));

UPDATE key_checks SET state = 'current'
WHERE id = (SELECT id FROM key_checks ORDER BY created_at DESC, id DESC LIMIT 1);

CREATE UNIQUE INDEX key_checks_current ON key_checks (state) WHERE state = 'current';

-- Answers of servers to the announcement of a server key.
CREATE TABLE key_holders (
    key_id       TEXT NOT NULL,
    announced_at INTEGER NOT NULL,
    server       TEXT NOT NULL,
    holds        INTEGER NOT NULL CHECK (holds IN (0, 1)),
    PRIMARY KEY (key_id, announced_at, server)
) STRICT;

-- How far a rotation of the server key has sealed the activity log again: at most one
-- row, which is signed.
CREATE TABLE activity_resealing (
    place       TEXT PRIMARY KEY CHECK (place = 'boundary'),
    number      INTEGER NOT NULL,
    seal        BLOB NOT NULL,
    former_seal BLOB NOT NULL,
    key_id      TEXT NOT NULL,
    mac         BLOB NOT NULL
) STRICT;

-- Which checkpoints from before a rotation belong to the activity log.
CREATE TABLE activity_former_checkpoints (
    number      INTEGER NOT NULL,
    former_seal BLOB NOT NULL,
    at          INTEGER NOT NULL,
    seal        BLOB NOT NULL,
    key_id      TEXT NOT NULL,
    mac         BLOB NOT NULL,
    PRIMARY KEY (number, former_seal)
) STRICT;
