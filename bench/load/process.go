package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
)

const (
	// stopTimeout is how long a process may take to exit before it is killed.
	stopTimeout = 20 * time.Second
	// startTimeout is how long a server may take until it listens.
	startTimeout = 30 * time.Second
)

// process is a child process: a server, or a process that takes CPU time while a server is measured.
type process struct {
	address string
	engine  database.Engine // database engine whose processes work for this process; nil: none
	cmd     *exec.Cmd
	cancel  context.CancelFunc
}

// command prepares a child process. The process gets SIGTERM when ctx ends or stop is called.
func command(ctx context.Context, path string, args ...string) *process {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	cmd.Env = []string{} // keeps the environment's USHER_ variables from changing the measurement
	return &process{cmd: cmd, cancel: cancel}
}

// stop ends the process and waits for it. It ignores the exit status, because SIGTERM ended the process.
func (p *process) stop() {
	p.cancel()
	_ = p.cmd.Wait()
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// cpuSeconds returns the CPU time that the process has taken so far, and the CPU time of its database's processes.
func (p *process) cpuSeconds() (own, database float64) {
	if p.engine != nil {
		database = p.engine.CPUSeconds()
	}
	return procfs.CPUSeconds(p.pid()), database
}

// usherCommand prepares `usher serve` on a database, with a listen address and more flags.
func usherCommand(ctx context.Context, binary string, d *database.Database, listen string, flags ...string) *process {
	p := command(ctx, binary, append([]string{
		"serve", "--listen", listen, "--data", d.Dir, "--log-format", "json", "--trusted-proxies", "127.0.0.1/32",
	}, flags...)...)
	p.engine = d.Engine
	p.cmd.Env = append(p.cmd.Env, "USHER_SERVER_KEY="+d.ServerKey)
	if d.URL != "" {
		p.cmd.Env = append(p.cmd.Env, "USHER_DATABASE_URL="+d.URL)
	}
	return p
}

// startUsher starts `usher serve` on a database and returns when it listens.
func startUsher(ctx context.Context, binary string, d *database.Database, flags ...string) (*process, error) {
	p := usherCommand(ctx, binary, d, "127.0.0.1:0", flags...)
	// The log goes to a file, because reading it from a pipe would take CPU time for each line.
	log, err := os.Create(filepath.Join(d.Dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd.Stderr = log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if p.address, err = awaitListening(ctx, log.Name()); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// awaitListening polls a log file for the address that the server listens on. If there is none after startTimeout, the
// error contains the log.
func awaitListening(ctx context.Context, log string) (address string, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		text, err := os.ReadFile(log)
		if err != nil {
			return "", err
		}
		for entry := range bytes.Lines(text) {
			var line struct{ Msg, URL string }
			if json.Unmarshal(entry, &line) == nil && line.Msg == "listening" {
				listen, err := url.Parse(line.URL)
				if err != nil {
					return "", err
				}
				return listen.Host, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("usher did not start:\n%s", text)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
