-- Rows in every table of the fourth schema.
INSERT INTO key_checks (id, value, created_at) VALUES ('k1', '\x0102', 1);
INSERT INTO users (id, email, email_key, name, surname, department, biography, picture, provider, identifier, password_hash, active, need_password_reset, eula_version, created_at, updated_at, sort_name, search_text)
VALUES (7, 'Ada@Example.org', 'ada@example.org', 'Ada', 'Lovelace', 'Engines', 'Wrote programs.', '\x89504e47', 'tenable', 'Ada@Example.org', 'hash', TRUE, FALSE, -1, 1, 2, 'ada', 'ada lovelace ada@example.org'),
       (9, 'bob@example.org', 'bob@example.org', 'Bob', NULL, NULL, NULL, NULL, 'ldap', 'uid=bob', '', FALSE, FALSE, 3, 1, 2, 'bob', 'bob bob@example.org');
INSERT INTO roles (id, name, description, name_key) VALUES (1, 'Global Administrator', '', 'global administrator'), (2, 'User', '', 'user'), (5, 'Auditor', 'Reads', 'auditor');
INSERT INTO role_permissions (id, role_id, entity_name, action, scope) VALUES (4, 2, 'user', 'read', 'ids');
INSERT INTO role_permission_ids (permission_id, entity_id) VALUES (4, 7);
INSERT INTO user_roles (user_id, role_id) VALUES (7, 1), (9, 2);
INSERT INTO sessions (id, user_id, hash, source, device, failures, created_at, last_seen_at) VALUES (1, 7, '\xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 'home', 'test', 1, 1, 2);
INSERT INTO sign_in_throttle (key, failures, pending, pending_since, window_failures, window_start, streak, last_failure, locked_until) VALUES ('account:7', 1, 1, 2, 3, 4, 5, 6, 7);
INSERT INTO known_sources (user_id, source, last_at) VALUES (7, 'home', 1);
INSERT INTO recoveries (id, user_id, hash, created_at, expires_at, kind) VALUES (3, 7, '\xb2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2', 1, 2, 'invitation');
INSERT INTO outbox (id, kind, state, address, source, user_id, recipient, key_id, sealed, attempts, created_at, next_attempt_at, expires_at, finished_at, last_error)
VALUES (39, 'recovery', 'ready', '', 'home', 7, 'Ada@Example.org', 'k1', '\x0304', 1, 1, 2, 3, 0, 'refused'),
       (40, 'recovery', 'delivered', '', 'home', 7, 'Ada@Example.org', '', '\x', 1, 1, 1, 1, 1, ''),
       (41, 'recovery', 'requested', 'ada@example.org', 'home', NULL, '', '', '\x', 0, 1, 1, 1, 0, '');
DELETE FROM outbox WHERE id = 41;
INSERT INTO preferences (user_id, language, profile_id) VALUES (7, 'en', 1);
INSERT INTO api_keys (id, user_id, kind, name, hash, hint, key_id, sealed, permissions, failures, created_at, expires_at, last_used_at)
VALUES (2, 7, 'contract', '', '\xc3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3', 'abcd', 'k1', '\x0506', '', 0, 1, 0, 2),
       (3, 7, 'named', 'ci', '\xd4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4', 'efgh', '', '\x', '[]', 1, 1, 2, 3);
INSERT INTO settings (name, value) VALUES ('mail', '{"port":587}');
INSERT INTO setting_secrets (name, key_id, sealed) VALUES ('smtp', 'k1', '\x0708');
INSERT INTO activity (id, at, actor_id, actor_name, credential, credential_id, source, action, target_kind, target_id, target_name, changes, count, number, key_id, seal)
VALUES (11, 1, 7, 'Ada Lovelace', 'session', 1, 'home', 'user.update', 'user', 9, 'Bob', '{}', 1, 5, 'k1', '\xe5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5'),
       (12, 2, 7, 'Ada Lovelace', 'session', 1, 'home', 'user.update', 'user', 9, 'Bob', '{}', 1, 0, '', '\x');
UPDATE activity_chain SET number = 4, at = 1, seal = '\xf6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6', key_id = 'k1', mac = '\x090a' WHERE place = 'anchor';
UPDATE activity_chain SET number = 5, at = 2, seal = '\xe5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5', key_id = 'k1', mac = '\x0b0c' WHERE place = 'head';
INSERT INTO activity_checkpoints (number, at, seal, key_id, mac) VALUES (5, 2, '\xe5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5', 'k1', '\x0d0e');
INSERT INTO failed_sign_ins (minute, source, user_id, count) VALUES (1, 'home', 7, 2);
INSERT INTO imports (id, user_id, dry_run, state, row_count, fault_count, created_at, touched_at, finished_at) VALUES (6, 7, FALSE, 'open', 1, 0, 1, 2, 0);
INSERT INTO import_rows (import_id, row, email_key, user_id, activate, invite) VALUES (6, 1, 'bob@example.org', 9, TRUE, FALSE);
INSERT INTO auth_change (id, kind, entity_id, at) VALUES (8, 'user', 7, 1);
