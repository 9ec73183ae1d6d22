package mutations_test

// durability is about the section "Durability".
var durability = []mutation{
	{
		threat: "two servers on one data directory",
		file:   "internal/datadir/lock.go", in: "e2e", test: "TestOneServerPerDirectory",
		text: `	if !locked {
`,
		with: `	if false && !locked {
`,
	},
	{
		threat: "a backup that misses or mixes concurrent writes",
		file:   "internal/sqldb/sqlite/copy.go", in: "internal/sqlstore", test: "TestBackupDuringWrites",
		text: `"BEGIN; SELECT count(*) FROM sqlite_schema"`,
		with: `"BEGIN"`,
	},
	{
		threat: "an invalid backup, or one of a later release",
		file:   "internal/sqldb/sqlite/copy.go", in: "internal/sqlstore", test: "TestUnsoundBackups",
		text: `	if finding != "ok" {
`,
		with: `	if false {
`,
	},
	{
		threat: "an invalid backup, or one of a later release",
		file:   "internal/sqldb/sqlite/copy.go", in: "internal/sqlstore", test: "TestUnsoundBackups",
		text: "return version, sqldb.CheckVersion(provider, version)",
		with: `_ = provider
	return version, nil`,
	},
	{
		threat: "a restored log that is no longer sealed",
		file:   "internal/server/restore.go", in: "e2e", test: "TestRestoreInPlace",
		text: "oldCheckpoint, err = datadir.CheckpointStore{Data: cmd.Data}.SetAside(e.Now())",
		with: `oldCheckpoint, err = "", nil`,
	},
	{
		threat: "an old release on the data of a later one",
		file:   "internal/sqldb/migrate.go", in: "e2e", test: "TestNewerSchema",
		text: "known := sources[len(sources)-1].Version; version > known {",
		with: "known := sources[len(sources)-1].Version; version < 0*known {",
	},
	{
		threat: "an upgrade that loses data",
		file:   "internal/sqldb/sqlite/copy.go", in: "internal/sqlstore", test: "TestUpgradeKeepsACopy",
		text: `return os.Rename(partial, fmt.Sprintf("%s.schema-%d", path, version))`,
		with: `_ = fmt.Sprintf
	return nil`,
	},
	{
		threat: "a shutdown that interrupts requests",
		file:   "internal/server/lifecycle.go", in: "e2e", test: "TestNotReadyFirst",
		text: `	s.draining.Store(true)
`,
		with: "",
	},
	{
		threat: "a shutdown that interrupts requests",
		file:   "internal/server/lifecycle.go", in: "e2e", test: "TestShutdownDrains",
		text: `err := s.http.Shutdown(grace)`,
		with: `err := s.http.Close()`,
	},
	{
		threat: "an old release on the data of a later one",
		file:   "internal/sqldb/migrate.go", in: "e2e", test: "TestNewerSchemaOnPostgres",
		text: "known := sources[len(sources)-1].Version; version > known {",
		with: "known := sources[len(sources)-1].Version; version < 0*known {",
	},
}
