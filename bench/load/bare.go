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
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
)

// The kinds of bare process.
const (
	bareServer = "server"
	bareHashes = "hashes"
)

// bareOrders are what a bare server is told on its standard input.
type bareOrders struct {
	Listen  string
	Answers []bare.Answer
}

// beBare is a bare process until ctx ends or in does, as it does when the program that
// started it dies. A server writes to out the address that it listens on.
func beBare(ctx context.Context, kind string, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if kind == bareHashes {
		go func() {
			_, _ = io.Copy(io.Discard, in)
			cancel()
		}()
		bare.HashUntil(ctx, math.MaxInt)
		return nil
	}
	var orders bareOrders
	if err := json.NewDecoder(in).Decode(&orders); err != nil {
		return fmt.Errorf("read the answers to give: %w", err)
	}
	listener, err := net.Listen("tcp", orders.Listen)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return err
	}
	server := &http.Server{Handler: bare.Handler(orders.Answers...), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
