package httpapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/bodylimit"
)

const (
	// pieceTimeout is the time within which a client must receive each piece of an answer that Write sends.
	pieceTimeout = 30 * time.Second
	// deadlineResolution is the minimum time between two extensions of the write deadline. Each extension costs a system
	// call.
	deadlineResolution = time.Second
)

// recorder is a ResponseWriter that remembers the status for the log and the metrics and extends the write deadline.
type recorder struct {
	http.ResponseWriter
	body     *bodylimit.Body // of the request; nil: none
	status   int             // 0: nothing was sent yet
	extended time.Time       // when the write deadline was last extended
}

// WriteHeader remembers the status and sends it.
func (r *recorder) WriteHeader(status int) {
	r.begin(status)
	r.extendDeadline()
	r.ResponseWriter.WriteHeader(status)
}

// Write extends the write deadline and sends a piece of the answer.
func (r *recorder) Write(b []byte) (int, error) {
	r.begin(http.StatusOK)
	r.extendDeadline()
	return r.ResponseWriter.Write(b)
}

// begin remembers the status of an answer, when the first part of it is sent.
func (r *recorder) begin(status int) {
	if r.status == 0 {
		r.status = status
		r.body.BeforeAnswer(r.Header(), status)
	}
}

// extendDeadline sets the write deadline to pieceTimeout from now. A fixed deadline for the whole answer would break
// off slow operations: hashing a thousand passwords for an import, or sending a list of a hundred thousand users.
func (r *recorder) extendDeadline() {
	if now := time.Now(); now.Sub(r.extended) >= deadlineResolution {
		r.extended = now
		_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(now.Add(pieceTimeout))
	}
}

// Unwrap returns the wrapped ResponseWriter. http.ResponseController needs it to set the write deadline.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Header values that all answers share, to save allocations. The code must not modify them.
var (
	noSniff    = []string{"nosniff"}
	noStore    = []string{"no-store"}
	jsonType   = []string{"application/json"}
	noReferrer = []string{"no-referrer"}
	// noContent is a Content-Security-Policy for an answer that is no page. A browser that shows it anyway loads
	// nothing, runs nothing and shows it in no frame.
	noContent = []string{"default-src 'none'; frame-ancestors 'none'"}
	// onlyHTTPS makes browsers use HTTPS for a year (RFC 6797). It doesn't include subdomains, which may be other
	// services of the operator.
	onlyHTTPS = []string{"max-age=31536000"}
)

// encode returns the JSON of an answer. Like the generated code, it adds a newline at the end.
func encode(answer any) ([]byte, error) {
	var body bytes.Buffer
	err := json.NewEncoder(&body).Encode(answer)
	return body.Bytes(), err
}

// writeBody sends body, which is JSON, with the status 200. It sets Content-Length, because net/http only does so for
// short bodies.
func writeBody(w http.ResponseWriter, body []byte) error {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(body)
	return err
}

// writeList sends a JSON array: the values that the function each yields, converted by the function convert. It streams
// the array, so memory use doesn't grow with its length. If it fails, the generated code calls writeError, which breaks
// the connection if a part of the array was sent already.
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
		_ = out.WriteByte('[') // on an error, bufio.Writer keeps it until Flush
	}
	_, _ = out.WriteString("]\n")
	return out.Flush()
}
