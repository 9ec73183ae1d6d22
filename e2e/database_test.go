package e2e_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // reads the database as any other program would
)

// openDatabase opens the database of a server for reading.
func openDatabase(t *testing.T, data string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "usher.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// checkDatabase asks SQLite whether the file is whole.
func checkDatabase(t *testing.T, data string) {
	t.Helper()
	db := openDatabase(t, data)
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %q, %v", verdict, err)
	}
	rows, err := db.Query("PRAGMA foreign_key_check")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() {
		t.Error("foreign_key_check finds a row that refers to nothing")
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}

// tamper changes the database as somebody who has the file can.
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
		t.Fatalf("nothing was tampered with: %v", err)
	}
}
