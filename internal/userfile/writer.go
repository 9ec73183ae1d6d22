package userfile

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Writer writes an export, row by row, without buffering the whole file. [Writer.Close]
// completes the file.
type Writer struct {
	out    io.Writer
	format Format
	count  int // number of users written so far
}

// NewWriter starts an export to w. It fails if the format is unknown, or if writing fails.
func NewWriter(w io.Writer, format Format) (*Writer, error) {
	writer := &Writer{out: w, format: format}
	switch format {
	case CSV:
		var header []string
		for _, c := range columns {
			if c.secret == nil {
				header = append(header, c.name)
			}
		}
		return writer, writer.writeRecord(header)
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
	if w.format == CSV {
		return w.writeRecord(csvRecord(row))
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
	if w.format == CSV {
		return nil
	}
	_, err := io.WriteString(w.out, "\n]\n")
	return err
}

// writeRecord writes a record of a CSV file (RFC 4180). It quotes every value, also those that
// contain no separator: a spreadsheet may use another separator than the comma.
func (w *Writer) writeRecord(record []string) error {
	line := make([]byte, 0, 256)
	for i, value := range record {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(line, '"')
		line = append(line, strings.ReplaceAll(value, `"`, `""`)...)
		line = append(line, '"')
	}
	_, err := w.out.Write(append(line, '\n'))
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
		record = append(record, quoteFormulas(text))
	}
	return record
}
