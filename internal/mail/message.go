package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// maxLineLength is the maximum length of a line of a message in bytes, without CRLF (RFC
// 5322, section 2.1.1).
const maxLineLength = 998

// parseSender validates the address and the display name of the From field.
func parseSender(address, name string) (*netmail.Address, error) {
	if strings.ContainsFunc(name, isControl) {
		return nil, errors.New("the name of the sender must be one line of text")
	}
	parsed, err := parseAddress(address)
	if err != nil {
		return nil, errors.New("the address of the sender must be one address, as in usher@example.org, without a name")
	}
	parsed.Name = name
	return parsed, nil
}

// parseAddress parses an e-mail address without a display name (addr-spec of RFC 5322). It
// returns the address with its domain in ASCII.
func parseAddress(address string) (*netmail.Address, error) {
	parsed, err := netmail.ParseAddress(address)
	if err != nil || parsed.Name != "" || strings.ContainsAny(address, "<>\r\n") {
		return nil, errors.New("not an address")
	}
	parsed.Address = toASCIIDomain(parsed.Address)
	return parsed, nil
}

// toASCIIDomain converts an internationalized domain of an address to ASCII, because mail
// servers look up this form (A-label, RFC 5890, section 2.3.2.1). It does not change the
// local part. If the domain has no ASCII form, it returns the address unchanged.
func toASCIIDomain(address string) string {
	at := strings.LastIndexByte(address, '@')
	local, domain := address[:at+1], address[at+1:]
	if isASCII(domain) {
		return address
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return address
	}
	return local + ascii
}

// isControl reports whether r is a control character or the result of invalid UTF-8.
func isControl(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }

// encode returns m in the Internet Message Format (RFC 5322), with a plain text part and an
// HTML alternative. The same message always gives the same bytes. encode fails if the
// recipient or the id is invalid.
func encode(m account.Message, from *netmail.Address) ([]byte, error) {
	to, err := parseAddress(m.To)
	if err != nil {
		return nil, errors.New("the message has no valid recipient")
	}
	if m.ID == "" || strings.ContainsAny(m.ID, "<> \t\r\n") {
		return nil, errors.New("the message has no valid id")
	}

	// go-mail's default boundary is random. This one is derived from the id, so that the
	// bytes are always the same.
	sum := sha256.Sum256([]byte(m.ID))
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary(hex.EncodeToString(sum[:16])))
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(m.Date.UTC())
	// This header tells automatic responders not to reply (RFC 3834, section 5).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	setBody(msg.SetBodyString, gomail.TypeTextPlain, m.Text)
	setBody(msg.AddAlternativeString, gomail.TypeTextHTML, m.HTML)

	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("write the message: %w", err)
	}
	return raw.Bytes(), nil
}

// setBody adds one part to the message. It leaves ASCII text unencoded, so that a person
// who opens an .eml file sees a link on one line. It encodes other text as
// quoted-printable.
func setBody(
	add func(gomail.ContentType, string, ...gomail.PartOption), contentType gomail.ContentType, body string,
) {
	body = strings.ReplaceAll(body, "\r\n", "\n")
	encoding := gomail.NoEncoding
	for line := range strings.Lines(body) {
		if len(line) > maxLineLength || strings.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }) {
			encoding = gomail.EncodingQP
		}
	}
	add(contentType, strings.ReplaceAll(body, "\n", "\r\n"), gomail.WithPartEncoding(encoding))
}

// Parse parses a message that encode has written. In the result, lines end in "\n".
func Parse(raw []byte) (account.Message, error) {
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return account.Message{}, fmt.Errorf("read the message: %w", err)
	}
	var m account.Message
	m.ID = strings.Trim(msg.Header.Get("Message-ID"), "<>")
	if m.Date, err = msg.Header.Date(); err != nil {
		return account.Message{}, fmt.Errorf("read the date: %w", err)
	}
	to, err := netmail.ParseAddress(msg.Header.Get("To"))
	if err != nil {
		return account.Message{}, fmt.Errorf("read the recipient: %w", err)
	}
	m.To = to.Address
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return account.Message{}, fmt.Errorf("read the subject: %w", err)
	}

	_, parameters, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return account.Message{}, fmt.Errorf("read the content type: %w", err)
	}
	parts := multipart.NewReader(msg.Body, parameters["boundary"])
	for {
		part, err := parts.NextPart() // also decodes quoted-printable
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return account.Message{}, fmt.Errorf("read a part: %w", err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return account.Message{}, fmt.Errorf("read a part: %w", err)
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		switch contentType, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); contentType {
		case "text/plain":
			m.Text = text
		case "text/html":
			m.HTML = text
		}
	}
}
