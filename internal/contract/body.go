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

// ReadBody reads the body of a request, checks its media type, size, syntax and schema, and returns its bytes. limit is
// the maximum size in bytes, at most op.BodyLimit. All errors are of type [account.Error]. The error of a body that is
// too large has the code CodeTooLarge.
func (op *Operation) ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if err := checkMediaType(r); err != nil {
		return nil, err
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	body, err := readAll(http.MaxBytesReader(w, r.Body, limit), r.ContentLength)
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, tooLarge(limit)
	}
	if refused, ok := errors.AsType[*account.Error](err); ok { // by package bodylimit
		return nil, refused
	}
	if err != nil {
		return nil, account.Invalid(account.Detail{Message: "could not be read to its end"})
	}
	if err := checkSyntax(body, op.maxTokens); err != nil {
		return nil, err
	}
	return body, checkSchema(op.body, body)
}

// firstBuffer is how many bytes of a body get memory before they arrive.
const firstBuffer = 4 << 10

// readAll is [io.ReadAll] for a reader of length bytes; -1 means that the length is not known.
func readAll(r io.Reader, length int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(max(length, 0), firstBuffer)) + bytes.MinRead)
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

func tooLarge(limit int64) error {
	return &account.Error{
		Code:    account.CodeTooLarge,
		Message: fmt.Sprintf("The body may have %d bytes at most.", limit),
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
