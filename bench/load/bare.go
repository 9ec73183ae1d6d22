package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
)

// serveBare is the bare server: it reads its answers from in, as JSON, writes to
// out the address that it listens on, and ends when ctx does or in ends, as it does
// when the generator dies.
func serveBare(ctx context.Context, in io.Reader, out io.Writer) error {
	var answers []bare.Answer
	if err := json.NewDecoder(in).Decode(&answers); err != nil {
		return fmt.Errorf("read the answers to give: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return err
	}
	server := &http.Server{Handler: bare.Handler(answers...), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
