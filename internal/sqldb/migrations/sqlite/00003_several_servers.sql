-- +goose Up

-- What every node forgets of whom it has let in: a user, a role, a session, an
-- API key, or, with id 0, all. Rows are only ever added, and are swept when every
-- node has read them. at is the time of the database, in microseconds since 1970.
CREATE TABLE auth_change (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT    NOT NULL CHECK (kind IN ('user', 'role', 'session', 'key', 'settings')),
    entity_id INTEGER NOT NULL,
    at        INTEGER NOT NULL
) STRICT;

CREATE INDEX auth_change_at ON auth_change (at);

-- The clean-up finds what is over by an index: reading a large table whole would
-- take longer than a statement may, and nothing would ever be removed.
CREATE INDEX sessions_created ON sessions (created_at);
CREATE INDEX sign_in_throttle_window ON sign_in_throttle (window_start);
CREATE INDEX known_sources_last ON known_sources (last_at);
CREATE INDEX recoveries_expires ON recoveries (expires_at);
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE state IN ('delivered', 'failed');

-- Entries without a seal are counted, also those that somebody gave a number below 0.
DROP INDEX activity_unsealed;
CREATE INDEX activity_unsealed ON activity (id) WHERE number <= 0;
