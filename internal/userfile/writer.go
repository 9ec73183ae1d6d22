package userfile

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
)

// Writer writes an export, row by row, without buffering the whole file. [Writer.Close]
// completes the file.
type Writer struct {
	out   io.Writer
	csv   *csv.Writer // nil for JSON
	count int         // number of users written so far
}

// NewWriter starts an export to w. It fails if the format is unknown, or if writing fails.
func NewWriter(w io.Writer, format Format) (*Writer, error) {
	writer := &Writer{out: w}
	switch format {
	case CSV:
		writer.csv = csv.NewWriter(w)
		var header []string
		for _, c := range columns {
			if c.secret == nil {
				header = append(header, c.name)
			}
		}
		return writer, writer.csv.Write(header)
	case JSON:
		_, err := io.WriteString(w, "[")
		return writer, err
	default:
		return nil, fmt.Errorf("unknown format %q", format)
	}
}

// Write writes one user, without Line, User, Password and PasswordHash.
func (w *Writer) Write(row Row) error {
	w.count++
	if w.csv != nil {
		return w.csv.Write(csvRecord(row))
	}
	raw, err := jsonObject(row)
	if err != nil {
		return err
	}
	separator := ",\n  "
	if w.count == 1 {
		separator = "\n  "
	}
	_, err = fmt.Fprintf(w.out, "%s%s", separator, raw)
	return err
}

// Close completes the export. It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.csv != nil {
		w.csv.Flush()
		return w.csv.Error()
	}
	_, err := io.WriteString(w.out, "\n]\n")
	return err
}

// jsonObject returns a user as an object of a JSON export.
func jsonObject(row Row) ([]byte, error) {
	object := []byte{'{'}
	for _, c := range columns {
		if c.secret != nil {
			continue
		}
		value, err := json.Marshal(c.get(&row))
		if err != nil {
			return nil, err
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = fmt.Appendf(object, "%q:%s", c.name, value)
	}
	return append(object, '}'), nil
}

// csvRecord returns a user as a record of a CSV export.
func csvRecord(row Row) []string {
	var record []string
	for _, c := range columns {
		if c.secret != nil {
			continue
		}
		text := ""
		if value := c.get(&row); value != nil {
			text = fmt.Sprint(value)
		}
		record = append(record, quoteFormula(text))
	}
	return record
}
