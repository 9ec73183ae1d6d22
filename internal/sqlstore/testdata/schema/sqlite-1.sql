-- Rows in every table of the first schema. Of the messages, the numbers show that
-- others were there before.
INSERT INTO key_checks (id, value, created_at) VALUES ('k1', x'0102', 1);
INSERT INTO users (id, email, email_key, name, surname, department, biography, picture, provider, identifier, password_hash, active, need_password_reset, eula_version, created_at, updated_at)
VALUES (7, 'Ada@Example.org', 'ada@example.org', 'Ada', 'Lovelace', 'Engines', 'Wrote programs.', x'89504e47', 'tenable', 'Ada@Example.org', 'hash', TRUE, FALSE, -1, 1, 2),
       (9, 'bob@example.org', 'bob@example.org', 'Bob', NULL, NULL, NULL, NULL, 'ldap', 'uid=bob', '', FALSE, FALSE, 3, 1, 2);
INSERT INTO roles (id, name, description) VALUES (1, 'Global Administrator', ''), (2, 'User', '');
INSERT INTO role_permissions (id, role_id, entity_name, action, scope) VALUES (4, 2, 'user', 'read', 'ids');
INSERT INTO role_permission_ids (permission_id, entity_id) VALUES (4, 7);
INSERT INTO user_roles (user_id, role_id) VALUES (7, 1), (9, 2);
INSERT INTO sessions (id, user_id, hash, source, device, failures, created_at, last_seen_at) VALUES (1, 7, x'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 'home', 'test', 1, 1, 2);
INSERT INTO sign_in_throttle (key, failures, pending, pending_since, window_failures, window_start, streak, last_failure, locked_until) VALUES ('account:7', 1, 1, 2, 3, 4, 5, 6, 7);
INSERT INTO known_sources (user_id, source, last_at) VALUES (7, 'home', 1);
INSERT INTO recoveries (id, user_id, hash, created_at, expires_at) VALUES (3, 7, x'b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2', 1, 2);
INSERT INTO outbox (id, kind, state, address, source, user_id, recipient, key_id, sealed, attempts, created_at, next_attempt_at, expires_at, finished_at, last_error)
VALUES (39, 'recovery', 'ready', '', 'home', 7, 'Ada@Example.org', 'k1', x'0304', 1, 1, 2, 3, 0, 'refused'),
       (40, 'recovery', 'delivered', '', 'home', 7, 'Ada@Example.org', '', x'', 1, 1, 1, 1, 1, ''),
       (41, 'recovery', 'requested', 'ada@example.org', 'home', NULL, '', '', x'', 0, 1, 1, 1, 0, '');
DELETE FROM outbox WHERE id = 41;
