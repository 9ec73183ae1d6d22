package userfile_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

func FuzzCSV(f *testing.F) {
	f.Add([]byte("name,email,password\nAda,ada@example.com,Correct-horse-7\n"))
	f.Add([]byte("\uFEFFname,surname,email,password,active\r\n\"A\r\nda\",'=x,ada@example.com,Correct-horse-7,TRUE\r\n"))
	f.Add([]byte("name;email\n"))
	f.Add([]byte("name,email,password\n\"Ada"))
	f.Fuzz(func(t *testing.T, raw []byte) { checkFile(t, raw, userfile.CSV) })
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`[{"name":"Ada","email":"ada@example.com","password":"Correct-horse-7","active":true}]`))
	f.Add([]byte("[\n{\"name\":1,\"x\":[{}],\"email\":null}\n,2]"))
	f.Add([]byte(`[{"name":"a","name":"b"}]`))
	f.Add([]byte("[{"))
	f.Fuzz(func(t *testing.T, raw []byte) { checkFile(t, raw, userfile.JSON) })
}

// checkFile reads a file of arbitrary bytes. It fails the test if the file yields neither users
// nor faults, or a line number beyond the end of the file. It also fails if an export of the
// valid users cannot be read again.
func checkFile(t *testing.T, raw []byte, format userfile.Format) {
	rows, faults, err := readAll(bytes.NewReader(raw), format)
	if err != nil {
		return
	}
	if len(rows) == 0 && len(faults) == 0 {
		t.Fatal("neither users nor faults")
	}
	lines := bytes.Count(raw, []byte("\n")) + 1
	for _, fault := range faults {
		if fault.Line < 1 || fault.Line > lines || fault.Message == "" {
			t.Errorf("%+v in a file of %d lines", fault, lines)
		}
	}
	last := 0
	for _, row := range rows {
		if row.Line < max(last, 1) || row.Line > lines {
			t.Errorf("line %d after %d in a file of %d lines", row.Line, last, lines)
		}
		last = row.Line
	}
	if len(faults) > 0 {
		return
	}
	exported := write(t, format, rows)
	again, _, err := readAll(strings.NewReader(exported), format)
	if err != nil || format == userfile.JSON && len(again) != len(rows) {
		t.Errorf("the export has %d users instead of %d: %v", len(again), len(rows), err)
	}
}
