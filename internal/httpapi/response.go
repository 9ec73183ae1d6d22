package httpapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

const (
	// pieceTimeout is the time in which a client must accept one piece of an answer.
	pieceTimeout = 30 * time.Second
	// deadlineResolution is the least time between two extensions of the write deadline, which cost a system call.
	deadlineResolution = time.Second
)

// recorder notes the status of an answer for the log and the metrics.
type recorder struct {
	http.ResponseWriter
	status   int       // 0: nothing was sent yet
	extended time.Time // when the write deadline was last extended
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.extendDeadline()
	r.ResponseWriter.WriteHeader(status)
}

// Write sends a piece of the answer.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.extendDeadline()
	return r.ResponseWriter.Write(b)
}

// extendDeadline sets the write deadline to pieceTimeout from now. A fixed deadline for the whole answer would break
// slow operations: the import of a thousand passwords, or a list of a hundred thousand users.
func (r *recorder) extendDeadline() {
	if now := time.Now(); now.Sub(r.extended) >= deadlineResolution {
		r.extended = now
		_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(now.Add(pieceTimeout))
	}
}

// Unwrap gives http.ResponseController access to the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Header values that all answers share, to save an allocation per request. They are never modified.
var (
	noSniff  = []string{"nosniff"}
	noStore  = []string{"no-store"}
	jsonType = []string{"application/json"}
)

// encode returns the JSON of an answer with a final newline, as the generated code writes it.
func encode(answer any) ([]byte, error) {
	var body bytes.Buffer
	err := json.NewEncoder(&body).Encode(answer)
	return body.Bytes(), err
}

// writeBody answers 200 with JSON. It sets Content-Length, which net/http does for short bodies only.
func writeBody(w http.ResponseWriter, body []byte) error {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(body)
	return err
}

// writeList answers a JSON array of the converted values that each yields. It streams them, so memory doesn't grow with
// the length of the array. After an error, writeError checks whether a part of the array was sent already.
func writeList[T, W any](w http.ResponseWriter, convert func(T) W, each func(yield func(T) error) error) error {
	out := bufio.NewWriterSize(w, 32*1024)
	encoder := json.NewEncoder(out)
	w.Header().Set("Content-Type", "application/json")
	separator := byte('[')
	err := each(func(item T) error {
		if err := out.WriteByte(separator); err != nil {
			return err
		}
		separator = ','
		return encoder.Encode(convert(item))
	})
	if err != nil {
		return err
	}
	if separator == '[' { // the array is empty
		_ = out.WriteByte('[') // bufio.Writer keeps an error and returns it from Flush
	}
	_, _ = out.WriteString("]\n")
	return out.Flush()
}
