package userfile

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
)

// Writer writes an export. Rows go out as they come; [Writer.Close] ends the file.
type Writer struct {
	w     io.Writer
	csv   *csv.Writer // nil for JSON
	count int
}

// NewWriter begins an export to w.
func NewWriter(w io.Writer, format Format) (*Writer, error) {
	out := &Writer{w: w}
	switch format {
	case CSV:
		out.csv = csv.NewWriter(w)
		var header []string
		for _, c := range columns {
			if c.get != nil {
				header = append(header, c.name)
			}
		}
		return out, out.csv.Write(header)
	case JSON:
		_, err := io.WriteString(w, "[")
		return out, err
	default:
		return nil, fmt.Errorf("unknown format %q", format)
	}
}

// Write writes one user, without line and password.
func (o *Writer) Write(row Row) error {
	o.count++
	if o.csv != nil {
		return o.csv.Write(recordOf(row))
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
	if o.count == 1 {
		separator = "\n  "
	}
	_, err = fmt.Fprintf(o.w, "%s%s", separator, raw)
	return err
}

// Close ends the export. It does not close what it writes to.
func (o *Writer) Close() error {
	if o.csv != nil {
		o.csv.Flush()
		return o.csv.Error()
	}
	_, err := io.WriteString(o.w, "\n]\n")
	return err
}

type jsonRow struct {
	Name       string  `json:"name"`
	Surname    *string `json:"surname"`
	Email      string  `json:"email"`
	Department *string `json:"department"`
	Biography  *string `json:"biography"`
	Active     bool    `json:"active"`
}

func recordOf(row Row) []string {
	var record []string
	for _, c := range columns {
		if c.get != nil {
			record = append(record, quoteFormula(c.get(&row)))
		}
	}
	return record
}
