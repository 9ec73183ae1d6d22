package httpapi

import (
	"bufio"
	"encoding/json"
	"net/http"
)

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
