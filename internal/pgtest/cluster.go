// Package pgtest starts PostgreSQL servers for tests, with the programs of Debian's packages. Each server has a cluster
// of its own in a temporary directory. It listens on a free port of 127.0.0.1 and on a socket in that directory.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// maxStartTime is how long a server may take to start, or its processes to end.
const maxStartTime = 30 * time.Second

// Superuser is the owner of a cluster. Only connections over TCP need the owner's password.
const Superuser = "usher"

// Cluster is a PostgreSQL server with a data directory of its own.
type Cluster struct {
	Dir      string // holds the socket, the data in Dir/data and the log in Dir/log
	Port     int
	Password string

	settings []string
	owner    *syscall.Credential // system user of the server; nil: the user that runs the test
	server   *exec.Cmd           // nil when it has ended
	ended    chan struct{}       // closed when the server has ended
	guard    *exec.Cmd           // see startGuard
	lifeline io.Closer           // the standard input of guard
}

// Durable starts a cluster that keeps committed data when its processes crash. The settings have the form "name=value",
// as in postgresql.conf. The caller must call [Cluster.Remove].
func Durable(settings ...string) (*Cluster, error) { return start(settings) }

func start(settings []string) (c *Cluster, err error) {
	dir, err := os.MkdirTemp("", "usher-pg-")
	if err != nil {
		return nil, err
	}
	c = &Cluster{Dir: dir, Password: rand.Text(), settings: settings}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start PostgreSQL: %w", err), c.Remove())
		}
	}()
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		if c.owner, err = unprivileged(); err != nil {
			return nil, err
		}
		if err := os.Chown(dir, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
			return nil, err
		}
	}
	if c.Port, err = freePort(); err != nil {
		return nil, err
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(c.Password), 0o644); err != nil { // the directory is private
		return nil, err
	}
	initdb, err := c.Command("initdb", "--pgdata", c.Data(), "--username", Superuser, "--pwfile", password,
		"--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
		"--no-instructions")
	if err != nil {
		return nil, err
	}
	if text, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, text)
	}
	return c, c.Start()
}

// unprivileged returns the system user postgres, which Debian's package creates.
func unprivileged() (*syscall.Credential, error) {
	postgres, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("%w; scripts/test-env.sh installs it", err)
	}
	uid, err := strconv.ParseUint(postgres.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(postgres.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: true}, err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// Data returns the data directory.
func (c *Cluster) Data() string { return filepath.Join(c.Dir, "data") }

// Binary returns the path of a PostgreSQL program, such as "postgres", in the newest installed version.
func Binary(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return exec.LookPath(name)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

// Command returns a command that runs a program of PostgreSQL in Dir as the owner of the cluster.
func (c *Cluster) Command(name string, args ...string) (*exec.Cmd, error) {
	path, err := Binary(name)
	if err != nil {
		return nil, fmt.Errorf("%w; scripts/test-env.sh installs it", err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = c.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner, Setpgid: true}
	return cmd, nil
}

// Start starts the server, or starts it again after it has ended. It returns when the server accepts connections.
func (c *Cluster) Start() error {
	args := []string{"-D", c.Data(), "-p", strconv.Itoa(c.Port), "-k", c.Dir, "-h", "127.0.0.1"}
	for _, setting := range c.settings {
		args = append(args, "-c", setting)
	}
	server, err := c.Command("postgres", args...)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(c.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return err
	}
	c.server, c.ended = server, make(chan struct{})
	go func(ended chan struct{}) {
		_ = server.Wait()
		close(ended)
	}(c.ended)
	if err := c.startGuard(); err != nil {
		return err
	}
	return c.await()
}

// startGuard starts a shell that waits until this process ends, even by a crash. The shell then stops the server and
// removes its directory. It notices the end of this process when its standard input is closed.
func (c *Cluster) startGuard() (err error) {
	guard := exec.Command("/bin/sh", "-c", `read -r _; kill -QUIT "$1" && rm -rf "$2"`, "sh",
		strconv.Itoa(c.server.Process.Pid), c.Dir)
	guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C must not end the guard
	if c.lifeline, err = guard.StdinPipe(); err != nil {
		return err
	}
	c.guard = guard
	return guard.Start()
}

// await returns when the server accepts connections.
func (c *Cluster) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), maxStartTime)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.SocketURL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.ended:
			log, _ := os.ReadFile(filepath.Join(c.Dir, "log"))
			return fmt.Errorf("PostgreSQL has ended: %s", log)
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends every process of the server by SIGKILL. The operating system still writes the data that it has buffered,
// unlike after a crash of the machine.
func (c *Cluster) Kill() error { return c.end(syscall.SIGKILL) }

// Stop shuts the server down and rolls open transactions back.
func (c *Cluster) Stop() error { return c.end(syscall.SIGINT) }

// end sends the server a signal, and waits until all its processes have ended.
func (c *Cluster) end(signal syscall.Signal) error {
	if c.server == nil {
		return nil
	}
	errs := []error{c.guard.Process.Kill(), c.lifeline.Close()}
	_ = c.guard.Wait() // returns an error, because the guard was killed
	parent := c.server.Process
	children := childrenOf(parent.Pid)
	errs = append(errs, parent.Signal(signal))
	if signal == syscall.SIGKILL {
		for _, child := range children {
			_ = syscall.Kill(child, signal) // the child may have ended already
		}
	}
	<-c.ended
	c.server = nil
	for end := time.Now().Add(maxStartTime); slices.ContainsFunc(children, alive); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("processes of PostgreSQL do not end")
		}
	}
	return errors.Join(errs...)
}

// childrenOf returns the ids of the child processes of a process.
func childrenOf(parent int) (children []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if _, ppid := status(pid); ppid == parent {
			children = append(children, pid)
		}
	}
	return children
}

func alive(pid int) bool {
	state, _ := status(pid)
	return state != "" && state != "Z"
}

// status returns the state of a process, such as "S" or "Z", and the id of its parent. The state is "" if there is no
// process.
func status(pid int) (state string, parent int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}

// Processes returns the ids of the running processes of the server, their parent first.
func (c *Cluster) Processes() []int {
	if c.server == nil {
		return nil
	}
	parent := c.server.Process.Pid
	return append([]int{parent}, childrenOf(parent)...)
}

// Remove stops the server and removes its directory.
func (c *Cluster) Remove() error {
	return errors.Join(c.end(syscall.SIGQUIT), os.RemoveAll(c.Dir))
}

// URL returns the URL of a database over TCP.
func (c *Cluster) URL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(Superuser, c.Password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)),
		Path: database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// SocketURL returns the URL of a database over the socket, which is faster than TCP.
func (c *Cluster) SocketURL(database string) string {
	q := url.Values{"host": {c.Dir}, "port": {strconv.Itoa(c.Port)}, "user": {Superuser}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: q.Encode()}).String()
}
