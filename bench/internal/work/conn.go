package work

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
)

// Conn is a connection that is kept for one request after the other. One
// goroutine at a time may use it.
type Conn struct {
	net.Conn
	in *bufio.Reader
}

// Dial connects to a server.
func Dial(ctx context.Context, address string) (*Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &Conn{c, bufio.NewReaderSize(c, 64<<10)}, nil
}

// Ask sends the n-th request and reads the answer to its end. It fails for another
// status than the right one.
func (c *Conn) Ask(r Request, n int64) error { return c.Send(r.Bytes(n), r.Status) }

// Send is Ask for a request that was made.
func (c *Conn) Send(request []byte, status int) error {
	r, err := c.send(request)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != status {
		text, _ := io.ReadAll(io.LimitReader(r.Body, 1024))
		return fmt.Errorf("the server answered %s, want %d: %s", r.Status, status, text)
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err
}

// Answer is Send for a caller who wants the answer and its body.
func (c *Conn) Answer(request []byte, status int) (*http.Response, []byte, error) {
	r, err := c.send(request)
	if err != nil {
		return nil, nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != status {
		err = fmt.Errorf("the server answered %s, want %d: %.1024s", r.Status, status, body)
	}
	return r, body, err
}

// Read is Answer for a caller who wants what the body, in JSON, has of a value.
func (c *Conn) Read(request []byte, status int, value any) error {
	_, body, err := c.Answer(request, status)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, value); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

func (c *Conn) send(request []byte) (*http.Response, error) {
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	return http.ReadResponse(c.in, nil)
}

// SignInAdmin signs the administrator in and returns the session's token.
func SignInAdmin(ctx context.Context, address string) (string, error) {
	c, err := Dial(ctx, address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	var answer struct{ AuthToken string }
	err = c.Read(message("POST", "/api/login", "", Credentials(seed.AdminEmail, seed.Password)), 200, &answer)
	return answer.AuthToken, err
}
