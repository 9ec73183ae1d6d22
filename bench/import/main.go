// Command import measures an import of many users with existing hashes by the
// built program, beside a bare insertion of the same rows into the same schema:
// time, and the peak memory of the server and of the command.
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

	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

const (
	password = "Correct-Horse-1"
	hash     = "$2a$10$K6mEKkeOJSNg0o2TUvjcO.ngFS1OnowekzeEHXZhyDJpCQBtCbKSW"
)

func main() {
	usher := flag.String("usher", "bin/usher", "the program")
	users := flag.Int("users", 100_000, "how many users")
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
	bare, err := insertBare(filepath.Join(dir, "bare"), users)
	if err != nil {
		return err
	}
	fmt.Printf("bare insertion:  %6.1f s, %6.0f users/s\n", bare.Seconds(), float64(users)/bare.Seconds())

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
	if err := await(address); err != nil {
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
		{"list", []string{"users", "export", filepath.Join(dir, "out.csv")}},
	} {
		begun := time.Now()
		state, err := client(step.args...)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		took := time.Since(begun)
		fmt.Printf("%-16s %6.1f s, %6.0f users/s, %5.1f of the bare insertion; the command took %d MiB at most, the server %s so far\n",
			step.name+":", took.Seconds(), float64(users)/took.Seconds(), took.Seconds()/bare.Seconds(),
			state.SysUsage().(*syscall.Rusage).Maxrss/1024, peak(server.Process.Pid))
	}
	return nil
}

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

// insertBare makes the same rows by prepared statements, a thousand a transaction.
func insertBare(dir string, users int) (time.Duration, error) {
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
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, sqlite.DatabaseFile)+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`INSERT INTO roles (id, name, description, name_key) VALUES (2, 'User', '', 'user')`); err != nil {
		return 0, err
	}
	user, err := db.Prepare(`
		INSERT INTO users (email, email_key, sort_name, search_text, name, surname, department, provider, identifier, password_hash, active, eula_version, created_at, updated_at)
		VALUES ($1, $1, $2, $3, $4, $5, $6, 'tenable', $1, $7, 1, -1, 1, 1)`)
	if err != nil {
		return 0, err
	}
	role, err := db.Prepare(`INSERT INTO user_roles (user_id, role_id) VALUES ($1, 2)`)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	for first := 0; first < users; first += 1000 {
		tx, err := db.Begin()
		if err != nil {
			return 0, err
		}
		for i := first; i < min(first+1000, users); i++ {
			name, email := fmt.Sprintf("Name %d", i), fmt.Sprintf("user%d@example.org", i)
			made, err := tx.Stmt(user).Exec(email, strings.ToLower(name), strings.ToLower(name)+" "+email, name, fmt.Sprintf("Surname %d", i), "Department", hash)
			if err != nil {
				return 0, err
			}
			id, err := made.LastInsertId()
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
	return time.Since(begun), nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// await returns once the server listens.
func await(address string) error {
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

// peak returns the most memory that a process has held, as Linux tells it.
func peak(pid int) string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "an unknown amount"
	}
	for line := range strings.Lines(string(status)) {
		if kib, found := strings.CutPrefix(line, "VmHWM:"); found {
			var n int
			if _, err := fmt.Sscan(kib, &n); err == nil {
				return fmt.Sprintf("%d MiB", n/1024)
			}
		}
	}
	return "an unknown amount"
}
