package requests

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

// Conn is a persistent HTTP connection. Only one goroutine at a time may use it.
type Conn struct {
	conn   net.Conn
	reader *bufio.Reader
}

// Dial connects to a server.
func Dial(ctx context.Context, address string) (*Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: c, reader: bufio.NewReaderSize(c, 64<<10)}, nil
}

// Close closes the connection. Another goroutine may call it to abort a request.
func (c *Conn) Close() error { return c.conn.Close() }

// Do sends the n-th request and reads the whole response. It returns an error if the response's status is not r.Status.
func (c *Conn) Do(r Request, n int64) error { return c.Send(r.Bytes(n), r.Status) }

// Send sends an encoded request and reads the whole response. It returns an error if the response has a status other
// than status.
func (c *Conn) Send(request []byte, status int) error {
	r, err := c.roundTrip(request)
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

// Answer is like Send, and returns the response and its body.
func (c *Conn) Answer(request []byte, status int) (*http.Response, []byte, error) {
	r, err := c.roundTrip(request)
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

// DecodeAnswer is like Send, and decodes the JSON body of the response into value.
func (c *Conn) DecodeAnswer(request []byte, status int, value any) error {
	_, body, err := c.Answer(request, status)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, value); err != nil {
		return fmt.Errorf("decode the answer: %w", err)
	}
	return nil
}

func (c *Conn) roundTrip(request []byte) (*http.Response, error) {
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	return http.ReadResponse(c.reader, nil)
}

// SignInAdmin signs the administrator in and returns the session's token.
func SignInAdmin(ctx context.Context, address string) (string, error) {
	c, err := Dial(ctx, address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	var answer struct{ AuthToken string }
	request := encode("POST", "/api/login", "", credentials(seed.AdminEmail, seed.Password))
	err = c.DecodeAnswer(request, 200, &answer)
	return answer.AuthToken, err
}
