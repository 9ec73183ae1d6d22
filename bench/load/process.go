package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
)

// stopTime is how long a server may take to end before it is killed.
const stopTime = 20 * time.Second

// process is a server under way.
type process struct {
	address string
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

// startUsher starts `usher serve` on data that is there already.
func startUsher(ctx context.Context, binary, data, key string) (*process, error) {
	p := command(ctx, binary, "serve", "--listen", "127.0.0.1:0", "--data", data, "--log-format", "json")
	p.cmd.Env = append(p.cmd.Env, "USHER_SERVER_KEY="+key)
	log, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if p.address, err = awaitListening(log); err != nil {
		p.stop()
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, log) }() // or the server would wait for a reader
	return p, nil
}

// awaitListening reads the log up to the line that tells where the server
// listens. It fails, with what was read, when the log ends first.
func awaitListening(log io.Reader) (address string, err error) {
	var seen strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			at, err := url.Parse(line.URL)
			if err != nil {
				return "", err
			}
			return at.Host, nil
		}
		fmt.Fprintln(&seen, lines.Text())
	}
	return "", fmt.Errorf("usher did not start:\n%s", &seen)
}

// startBare starts this program once more, as the bare server.
func startBare(ctx context.Context, answers ...bare.Answer) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := command(ctx, self, "-bare")
	p.cmd.Stderr = os.Stderr
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
	if err = json.NewEncoder(in).Encode(answers); err == nil {
		_, err = fmt.Fscanln(out, &p.address)
	}
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("start the bare server: %w", err)
	}
	return p, nil
}
