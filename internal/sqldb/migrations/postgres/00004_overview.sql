-- +goose Up

-- Who is not active is found, in each order of a list, without reading all users.
CREATE INDEX users_inactive_id ON users (id) WHERE NOT active;
CREATE INDEX users_inactive_sort_name ON users (sort_name, id) WHERE NOT active;
CREATE INDEX users_inactive_email ON users (email_key) WHERE NOT active;
CREATE INDEX users_need_password_reset ON users (id) WHERE need_password_reset;

-- Users who are locked, or were lately. Most counters have no lock.
CREATE INDEX sign_in_throttle_locked ON sign_in_throttle (locked_until, key) WHERE locked_until > 0 AND key LIKE 'u:%|new';

-- The log by time, and all that the number of sign-ins of a day is counted from.
CREATE INDEX activity_at ON activity (at, id);
CREATE INDEX activity_sign_ins ON activity (action, at, count) WHERE action IN ('session.create', 'session.refuse');

-- Messages that wait, those of them that could not be delivered so far, and those
-- that were given up.
CREATE INDEX outbox_waiting ON outbox (created_at) WHERE state IN ('requested', 'ready');
CREATE INDEX outbox_late ON outbox (id) WHERE state IN ('requested', 'ready') AND last_error <> '';
CREATE INDEX outbox_failed ON outbox (finished_at) WHERE state = 'failed';
