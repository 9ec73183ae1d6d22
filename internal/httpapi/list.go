package httpapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// encode writes an answer as the generated code does, with a line end.
func encode(answer any) ([]byte, error) {
	var body bytes.Buffer
	err := json.NewEncoder(&body).Encode(answer)
	return body.Bytes(), err
}

// writeBody answers 200 with JSON. It says how long it is: net/http would find that out
// of short ones alone.
func writeBody(w http.ResponseWriter, body []byte) error {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(body)
	return err
}

// jsonType is the value of a header, which nobody changes.
var jsonType = []string{"application/json"}

// writeList answers a JSON array of what each yields, as it comes, so that memory
// does not grow with its length. What a failure is answered with depends on
// whether a part of the list has left the buffer: see writeError.
func writeList(w http.ResponseWriter, each func(yield func(any) error) error) error {
	out := bufio.NewWriterSize(w, 32*1024)
	encoder := json.NewEncoder(out)
	w.Header().Set("Content-Type", "application/json")
	separator := byte('[')
	err := each(func(item any) error {
		if err := out.WriteByte(separator); err != nil {
			return err
		}
		separator = ','
		return encoder.Encode(item)
	})
	if err != nil {
		return err
	}
	if separator == '[' { // nothing
		_ = out.WriteByte('[') // a failure comes back from Flush
	}
	_, _ = out.WriteString("]\n")
	return out.Flush()
}
