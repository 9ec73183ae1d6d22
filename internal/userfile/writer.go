package userfile

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
)

// Writer writes an export. It writes each row at once; [Writer.Close] completes the file.
type Writer struct {
	out   io.Writer
	csv   *csv.Writer // nil for JSON
	count int         // users written so far
}

// NewWriter starts an export to w. It fails if the format is unknown, or if writing fails.
func NewWriter(w io.Writer, format Format) (*Writer, error) {
	writer := &Writer{out: w}
	switch format {
	case CSV:
		writer.csv = csv.NewWriter(w)
		var header []string
		for _, c := range columns {
			if c.get != nil {
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
	raw, err := json.Marshal(jsonRow{
		Name:       row.Name,
		Surname:    row.Surname,
		Email:      row.Email,
		Department: row.Department,
		Biography:  row.Biography,
		Active:     row.Active,
	})
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

// jsonRow is a user in a JSON export.
type jsonRow struct {
	Name       string  `json:"name"`
	Surname    *string `json:"surname"`
	Email      string  `json:"email"`
	Department *string `json:"department"`
	Biography  *string `json:"biography"`
	Active     bool    `json:"active"`
}

// csvRecord returns a user as a record of a CSV export.
func csvRecord(row Row) []string {
	var record []string
	for _, c := range columns {
		if c.get != nil {
			record = append(record, quoteFormula(c.get(&row)))
		}
	}
	return record
}
