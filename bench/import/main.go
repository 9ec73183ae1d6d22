// Command import measures how the built binary imports many users with existing hashes: the time, and the peak memory
// of the server and of the command. The baseline inserts the same rows into the same schema with SQL alone.
//
//	go build -o bin/usher ./cmd/usher && go run ./bench/import -usher bin/usher -users 100000
package main

import (
	"bufio"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "modernc.org/sqlite"

	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

const (
	batch    = 1000 // users in one transaction of the baseline
	password = "Correct-Horse-1"
	hash     = "$2a$10$K6mEKkeOJSNg0o2TUvjcO.ngFS1OnowekzeEHXZhyDJpCQBtCbKSW"
)

func main() {
	usher := flag.String("usher", "bin/usher", "the `binary` to measure")
	users := flag.Int("users", 100_000, "number of users")
	flag.Parse()
	if err := run(*usher, *users); err != nil {
		log.Fatal(err)
	}
}

func run(usher string, users int) error {
	dir, err := os.MkdirTemp("", "usher-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "users.csv")
	if err := writeUsers(file, users); err != nil {
		return err
	}
	baseline, err := insertRows(filepath.Join(dir, "baseline"), users)
	if err != nil {
		return err
	}
	fmt.Printf("%-16s %6.1f s, %6.0f users/s\n", "SQL alone:", baseline.Seconds(), float64(users)/baseline.Seconds())

	address, err := freeAddress()
	if err != nil {
		return err
	}
	env := append(os.Environ(), "USHER_ADMIN_PASSWORD="+password, "USHER_PASSWORD="+password,
		"USHER_SERVER=http://"+address, "USHER_CONFIG_DIR="+filepath.Join(dir, "config"))
	server := exec.Command(usher, "serve", "--listen", address, "--data", filepath.Join(dir, "data"))
	server.Env = env
	if err := server.Start(); err != nil {
		return err
	}
	defer func() {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
	}()
	client := func(args ...string) (*os.ProcessState, error) {
		command := exec.Command(usher, args...)
		command.Env, command.Stderr = env, os.Stderr
		err := command.Run()
		return command.ProcessState, err
	}
	if err := awaitListening(address); err != nil {
		return err
	}
	if _, err := client("login", "--email", "admin@localhost"); err != nil {
		return err
	}
	for _, step := range []struct {
		name string
		args []string
	}{
		{"dry run", []string{"users", "import", file, "--dry-run"}},
		{"import", []string{"users", "import", file}},
		{"export", []string{"users", "export", filepath.Join(dir, "out.csv")}},
	} {
		start := time.Now()
		state, err := client(step.args...)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		elapsed := time.Since(start)
		fmt.Printf("%-16s %6.1f s, %6.0f users/s, %5.1f times SQL alone; "+
			"peak memory: command %d MiB, server so far %.0f MiB\n",
			step.name+":", elapsed.Seconds(), float64(users)/elapsed.Seconds(), elapsed.Seconds()/baseline.Seconds(),
			state.SysUsage().(*syscall.Rusage).Maxrss/1024, procfs.PeakResidentBytes(server.Process.Pid)/(1<<20))
	}
	return nil
}

// writeUsers writes a CSV file of users.
func writeUsers(path string, users int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	fmt.Fprintln(out, "name,surname,email,department,password_hash,active")
	for i := range users {
		fmt.Fprintf(out, "Name %d,Surname %d,user%d@example.org,Department %d,%s,true\n", i, i, i, i%100, hash)
	}
	return out.Flush()
}

// insertRows inserts the same users as the import into a new SQLite database, with prepared statements and 1,000 users
// in each transaction. It returns the elapsed time.
func insertRows(dir string, users int) (time.Duration, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	store, err := sqlstore.OpenSQLite(context.Background(), dir)
	if err != nil {
		return 0, err
	}
	if err := store.Close(); err != nil {
		return 0, err
	}
	const pragmas = "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, sqlite.DatabaseFile)+"?"+pragmas)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`INSERT INTO roles (id, name, description, name_key) VALUES (2, 'User', '', 'user')`)
	if err != nil {
		return 0, err
	}
	user, err := db.Prepare(`
		INSERT INTO users (email, email_key, sort_name, search_text, name, surname, department, provider, identifier,
			password_hash, active, eula_version, created_at, updated_at)
		VALUES ($1, $1, $2, $3, $4, $5, $6, 'tenable', $1, $7, 1, -1, 1, 1)`)
	if err != nil {
		return 0, err
	}
	role, err := db.Prepare(`INSERT INTO user_roles (user_id, role_id) VALUES ($1, 2)`)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	for first := 0; first < users; first += batch {
		tx, err := db.Begin()
		if err != nil {
			return 0, err
		}
		for i := first; i < min(first+batch, users); i++ {
			name, email := fmt.Sprintf("Name %d", i), fmt.Sprintf("user%d@example.org", i)
			sortName := strings.ToLower(name)
			result, err := tx.Stmt(user).Exec(
				email, sortName, sortName+" "+email, name, fmt.Sprintf("Surname %d", i), "Department", hash)
			if err != nil {
				return 0, err
			}
			id, err := result.LastInsertId()
			if err != nil {
				return 0, err
			}
			if _, err := tx.Stmt(role).Exec(id); err != nil {
				return 0, err
			}
		}
		if err := tx.Commit(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// freeAddress returns an address of 127.0.0.1 with a port that is free.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitListening returns when the server listens, and fails after 10 seconds.
func awaitListening(address string) error {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(end) {
			return err
		}
	}
}
