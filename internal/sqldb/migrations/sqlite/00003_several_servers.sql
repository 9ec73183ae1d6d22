-- +goose Up

-- Invalidations: every node drops the cache entries that depend on the user, role,
-- session or API key. A row of the kind settings has the entity_id 0, and drops all
-- entries. Rows are never changed, and old rows are deleted. at is the database's
-- time, in microseconds since 1970.
CREATE TABLE auth_change (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT    NOT NULL CHECK (kind IN ('user', 'role', 'session', 'key', 'settings')),
    entity_id INTEGER NOT NULL,
    at        INTEGER NOT NULL
) STRICT;

CREATE INDEX auth_change_at ON auth_change (at);

-- The job that deletes expired rows finds them with these indexes. A scan of a
-- large table would exceed the time limit of a statement, and nothing would be
-- deleted.
CREATE INDEX sessions_created ON sessions (created_at);
CREATE INDEX sign_in_throttle_window ON sign_in_throttle (window_start);
CREATE INDEX known_sources_last ON known_sources (last_at);
CREATE INDEX recoveries_expires ON recoveries (expires_at);
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE state IN ('delivered', 'failed');

-- The index finds entries without a seal, even if an attacker has set their number
-- below 0.
DROP INDEX activity_unsealed;
CREATE INDEX activity_unsealed ON activity (id) WHERE number <= 0;
