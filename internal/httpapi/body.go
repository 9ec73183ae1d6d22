package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// readBody reads the body of a request and checks it, before any code that
// trusts it: media type, size, syntax, schema. No failure holds a value of the
// body, which may be a password.
func (op *operation) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkMediaType(r); err != nil {
		return nil, err
	}
	if r.ContentLength > op.bodyLimit {
		return nil, op.tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, op.bodyLimit))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, op.tooLarge()
	}
	if err != nil {
		return nil, account.Invalid(account.Detail{Message: "could not be read to its end"})
	}
	if err := checkSyntax(body, op.maxTokens); err != nil {
		return nil, err
	}
	return body, checkSchema(op.body, body)
}

func (op *operation) tooLarge() error {
	return &account.Error{
		Code:    account.CodeTooLarge,
		Message: fmt.Sprintf("The body may have %d bytes at most.", op.bodyLimit),
	}
}

// checkMediaType wants JSON in UTF-8 that is not compressed.
func checkMediaType(r *http.Request) error {
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, given := parameters["charset"]
	if err != nil || media != "application/json" || given && !strings.EqualFold(charset, "utf-8") || r.Header.Get("Content-Encoding") != "" {
		return &account.Error{Code: codeUnsupportedMedia, Message: "The body must be application/json in UTF-8, not compressed."}
	}
	return nil
}

// checkSyntax wants exactly one JSON value (RFC 8259) in valid UTF-8, with no
// object that has a name twice, no NUL character in any text, and not more tokens
// than it may have.
func checkSyntax(body []byte, maxTokens int) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	for depth, read := 0, 0; read == 0 || depth > 0; read++ {
		token, err := decoder.ReadToken()
		if err != nil {
			return syntaxFault(decoder, err)
		}
		if read >= maxTokens { // a megabyte of empty objects takes thirty to decode
			return account.Invalid(account.Detail{Message: "has far more values than this request can have"})
		}
		switch token.Kind() {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			if strings.ContainsRune(token.String(), 0) {
				return account.Invalid(account.Detail{Path: shown(decoder.StackPointer()), Message: "must not have NUL characters"})
			}
		}
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return account.Invalid(account.Detail{Message: "must be one JSON value, with nothing behind it"})
	}
	return nil
}

func syntaxFault(decoder *jsontext.Decoder, err error) error {
	detail := account.Detail{Path: shown(decoder.StackPointer()), Message: "must be valid JSON in UTF-8"}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		detail.Path = shown(syntax.JSONPointer)
		detail.Message = fmt.Sprintf("must be valid JSON in UTF-8; the fault is at byte %d", syntax.ByteOffset)
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		detail.Message = "must be given once"
	case errors.Is(err, io.EOF):
		detail.Message = "must be a JSON value, and the body is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		detail.Message = "must be valid JSON, and the body ends in the middle of it"
	}
	return account.Invalid(detail)
}

// shown is the place of a fault as it is told: nothing, if it is too long to be
// one that the contract has.
func shown(place jsontext.Pointer) string {
	if len(place) > maxPath {
		return ""
	}
	return string(place)
}
