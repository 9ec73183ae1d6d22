package mail_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

// resolveTo makes names resolve to an IPv4 address until the test ends. The test must not run in
// parallel with others.
func resolveTo(t *testing.T, address [4]byte) {
	t.Helper()
	was := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = was })
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				_ = answerDNS(server, address) // the resolver reports that it has no answer
			}()
			return client, nil
		},
	}
}

// answerDNS answers one DNS query over a stream (RFC 1035, section 4.2.2). Each question about IPv4
// has the given address as its answer.
func answerDNS(conn io.ReadWriter, address [4]byte) error {
	var size uint16
	if err := binary.Read(conn, binary.BigEndian, &size); err != nil {
		return err
	}
	packet := make([]byte, size)
	if _, err := io.ReadFull(conn, packet); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil {
		return err
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60},
				Body:   &dnsmessage.AResource{A: address},
			})
		}
	}
	packet, err := m.AppendPack(make([]byte, 2))
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint16(packet, uint16(len(packet)-2))
	_, err = conn.Write(packet)
	return err
}

// A mail server whose name resolves to a link-local address is refused before a connection is
// attempted.
func TestNamesOfLinkLocalAddressesAreRefused(t *testing.T) {
	resolveTo(t, [4]byte{169, 254, 1, 1})
	sender := newSMTP(t, mail.SMTPConfig{
		Host: "mail.example.org", Port: 25, TLS: mail.NoTLS, From: "usher@example.org", Timeout: 5 * time.Second,
	})
	err := sender.Send(t.Context(), &account.Delivery{MailID: 1, Attempt: 1, Message: recoveryMessage(t)})
	failure, ok := errors.AsType[*mail.Failure](err)
	if !ok || failure.Cause != mail.CauseConnect || !strings.Contains(failure.Err.Error(), "link-local") {
		t.Errorf("the delivery fails with %v: %v; want that link-local addresses are refused", err, errors.Unwrap(err))
	}
}
