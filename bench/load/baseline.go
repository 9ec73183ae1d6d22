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
	baselineServer = "server" // serves recorded answers
	baselineHashes = "hashes" // computes hashes on all cores
)

// baselineConfig is the configuration that a baseline server reads from its standard input.
type baselineConfig struct {
	Listen  string
	Answers []baseline.Answer
}

// runBaseline is a baseline process. It ends when ctx does, or when in does, as it does when the parent process exits.
// A server writes the address that it listens on to out.
func runBaseline(ctx context.Context, kind string, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cancelAtEOF := func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}
	if kind == baselineHashes {
		go cancelAtEOF()
		baseline.HashUntil(ctx, math.MaxInt)
		return nil
	}
	var config baselineConfig
	if err := json.NewDecoder(in).Decode(&config); err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
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

// baselineCommand prepares this program as a baseline process. The process reads from stdin and ends with this one.
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

// startBaselineServer starts a baseline server with answers.
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
