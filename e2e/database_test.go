package e2e_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // reads the database without Usher's code
)

// openDatabase opens the SQLite database in the data directory read-only.
func openDatabase(t *testing.T, data string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "usher.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// checkDatabase checks the integrity of the SQLite database and its foreign keys.
func checkDatabase(t *testing.T, data string) {
	t.Helper()
	db := openDatabase(t, data)
	defer db.Close()
	var report string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&report); err != nil || report != "ok" {
		t.Errorf("integrity_check: %q, %v", report, err)
	}
	rows, err := db.Query("PRAGMA foreign_key_check")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() {
		t.Error("foreign_key_check finds a row with a dangling reference")
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}

// tamper changes the SQLite database directly, as an attacker with write access to the database file could.
func tamper(t *testing.T, data, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "usher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	result, err := db.Exec(statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("the statement changed no row: %v", err)
	}
}
