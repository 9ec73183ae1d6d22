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

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

// stopTime is how long a server may take to end before it is killed.
const stopTime = 20 * time.Second

// process is a server under way, or what burns CPU beside one.
type process struct {
	address string
	engine  engine // whose processes work for it; nil: none do
	cmd     *exec.Cmd
	cancel  context.CancelFunc
}

// command prepares a server that is asked to end, by SIGTERM, when ctx ends or
// stop is called.
func command(ctx context.Context, path string, args ...string) *process {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTime
	cmd.Env = []string{} // a USHER_ variable of the caller must change nothing
	return &process{cmd: cmd, cancel: cancel}
}

// stop ends the server and waits for it. How it ended says nothing: it was asked
// to.
func (p *process) stop() {
	p.cancel()
	_ = p.cmd.Wait()
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// cpu is the CPU time that the process has taken so far, and that of its database.
func (p *process) cpu() (own, database float64) {
	if p.engine != nil {
		database = p.engine.cpu()
	}
	return cpuSeconds(p.pid()), database
}

// usherCommand prepares `usher serve` on a database.
func usherCommand(ctx context.Context, binary string, d *database, listen string, flags ...string) *process {
	p := command(ctx, binary, append([]string{
		"serve", "--listen", listen, "--data", d.dir, "--log-format", "json", "--trusted-proxies", "127.0.0.1/32",
	}, flags...)...)
	p.engine = d.engine
	p.cmd.Env = append(p.cmd.Env, "USHER_SERVER_KEY="+d.key)
	if d.url != "" {
		p.cmd.Env = append(p.cmd.Env, "USHER_DATABASE_URL="+d.url)
	}
	return p
}

// startUsher starts one, and returns when it listens.
func startUsher(ctx context.Context, binary string, d *database, flags ...string) (*process, error) {
	p := usherCommand(ctx, binary, d, "127.0.0.1:0", flags...)
	// A file, not a pipe: whoever reads that would take of the cores for each line.
	log, err := os.Create(filepath.Join(d.dir, "log"))
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

// awaitListening waits until a log tells where its server listens. It fails, with what
// was logged, when that takes too long.
func awaitListening(ctx context.Context, log string) (address string, err error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		text, err := os.ReadFile(log)
		if err != nil {
			return "", err
		}
		for entry := range bytes.Lines(text) {
			var line struct{ Msg, URL string }
			if json.Unmarshal(entry, &line) == nil && line.Msg == "listening" {
				at, err := url.Parse(line.URL)
				if err != nil {
					return "", err
				}
				return at.Host, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("usher did not start:\n%s", text)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// bareCommand prepares this program as a bare process.
func bareCommand(ctx context.Context, kind string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := command(ctx, self, "-bare", kind)
	p.cmd.Stderr = os.Stderr
	return p, nil
}

// startBare starts a bare server with answers.
func startBare(ctx context.Context, answers ...bare.Answer) (*process, error) {
	p, err := bareCommand(ctx, bareServer)
	if err != nil {
		return nil, err
	}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err = json.NewEncoder(in).Encode(bareOrders{Listen: "127.0.0.1:0", Answers: answers}); err == nil {
		_, err = fmt.Fscanln(out, &p.address)
	}
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("start the bare server: %w", err)
	}
	return p, nil
}

// record asks a server once and keeps the answer for the bare server, where a pattern
// matches.
func record(ctx context.Context, p *process, pattern string, request []byte, status int) (bare.Answer, error) {
	c, err := work.Dial(ctx, p.address)
	if err != nil {
		return bare.Answer{}, err
	}
	defer c.Close()
	response, body, err := c.Answer(request, status)
	if err != nil {
		return bare.Answer{}, err
	}
	return bare.Record(pattern, response, body), nil
}
