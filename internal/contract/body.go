package contract

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

// CodeUnsupportedMedia is the error code for a body that isn't sent as uncompressed application/json in UTF-8.
const CodeUnsupportedMedia account.Code = "UNSUPPORTED_MEDIA_TYPE"

// ReadBody reads the body of a request, checks its media type, size, syntax and schema, and returns its bytes. All
// errors are of type [account.Error].
func (op *Operation) ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkMediaType(r); err != nil {
		return nil, err
	}
	if r.ContentLength > op.bodyLimit {
		return nil, op.tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, op.bodyLimit))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
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

func (op *Operation) tooLarge() error {
	return &account.Error{
		Code:    account.CodeTooLarge,
		Message: fmt.Sprintf("The body may have %d bytes at most.", op.bodyLimit),
	}
}

// checkMediaType accepts uncompressed application/json in UTF-8 only.
func checkMediaType(r *http.Request) error {
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, given := parameters["charset"]
	if err != nil || media != "application/json" || given && !strings.EqualFold(charset, "utf-8") ||
		r.Header.Get("Content-Encoding") != "" {
		return &account.Error{
			Code:    CodeUnsupportedMedia,
			Message: "The body must be application/json in UTF-8, not compressed.",
		}
	}
	return nil
}

// checkSyntax accepts exactly one JSON value (RFC 8259) in valid UTF-8, with at most maxTokens tokens. Duplicate names
// in an object and NUL characters in a string are errors.
func checkSyntax(body []byte, maxTokens int) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	for depth, read := 0, 0; read == 0 || depth > 0; read++ {
		token, err := decoder.ReadToken()
		if err != nil {
			return syntaxError(decoder, err)
		}
		if read >= maxTokens { // decoding can need thirty times the memory of the body
			return account.Invalid(account.Detail{Message: "has far more values than this request can have"})
		}
		switch token.Kind() {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			if strings.ContainsRune(token.String(), 0) {
				path := detailPath(decoder.StackPointer())
				return account.Invalid(account.Detail{Path: path, Message: "must not have NUL characters"})
			}
		}
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return account.Invalid(account.Detail{Message: "must be one JSON value, with nothing behind it"})
	}
	return nil
}

// syntaxError converts an error of decoder to the error that the contract defines for invalid bodies.
func syntaxError(decoder *jsontext.Decoder, err error) error {
	detail := account.Detail{Path: detailPath(decoder.StackPointer()), Message: "must be valid JSON in UTF-8"}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		detail.Path = detailPath(syntax.JSONPointer)
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

// detailPath converts the JSON pointer to an invalid value to the path in the error's detail. The path is empty if the
// pointer is longer than maxPath: no field of the contract has such a long pointer.
func detailPath(pointer jsontext.Pointer) string {
	if len(pointer) > maxPath {
		return ""
	}
	return string(pointer)
}
