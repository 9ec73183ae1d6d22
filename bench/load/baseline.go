package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/baseline"
)

// The kinds of baseline process.
const (
	baselineServer = "server" // sends recorded responses
	baselineHashes = "hashes" // computes password hashes on all cores
)

// baselineConfig is the configuration that a baseline server reads from its standard input.
type baselineConfig struct {
	Listen  string
	Answers []baseline.Answer
}

// runBaseline makes this process a baseline process of the given kind. It returns when ctx ends, or at the end of
// stdin, which comes when the parent process exits. A baseline server writes its listen address to stdout.
func runBaseline(ctx context.Context, kind string, stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cancelAtEOF := func() {
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}
	if kind == baselineHashes {
		go cancelAtEOF()
		baseline.HashUntil(ctx, math.MaxInt)
		return nil
	}
	var config baselineConfig
	if err := json.NewDecoder(stdin).Decode(&config); err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(stdout, listener.Addr()); err != nil {
		return err
	}
	server := &http.Server{Handler: baseline.Handler(config.Answers...), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	go cancelAtEOF()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// baselineCommand prepares a child process that runs this program as a baseline process. The child reads from stdin,
// and ends when this process ends.
func baselineCommand(ctx context.Context, kind string) (p *process, stdin io.WriteCloser, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	p = command(ctx, self, "-baseline", kind)
	p.cmd.Stderr = os.Stderr
	stdin, err = p.cmd.StdinPipe()
	return p, stdin, err
}

// startBaselineServer starts a baseline server that sends the recorded responses.
func startBaselineServer(ctx context.Context, answers ...baseline.Answer) (*process, error) {
	p, stdin, err := baselineCommand(ctx, baselineServer)
	if err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	config := baselineConfig{Listen: "127.0.0.1:0", Answers: answers}
	if err = json.NewEncoder(stdin).Encode(config); err == nil {
		_, err = fmt.Fscanln(stdout, &p.address)
	}
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("start the baseline server: %w", err)
	}
	return p, nil
}
