package sqlstore

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// scanInt reads a row of one number.
func scanInt(row sqldb.Row) (n int64, err error) { return n, row.Scan(&n) }

// scanText reads a row of one text.
func scanText(row sqldb.Row) (text string, err error) { return text, row.Scan(&text) }

// micros returns a time as it is stored: in microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// timeColumn scans a time that micros has encoded.
type timeColumn struct{ to *time.Time }

// Scan implements [sql.Scanner].
func (c timeColumn) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return errors.New("a stored time is not a number")
	}
	*c.to = time.Time{}
	if n != 0 {
		*c.to = time.UnixMicro(n).UTC()
	}
	return nil
}

// bytesColumn scans bytes that may be NULL. Empty bytes are not NULL, though the SQLite driver
// returns a nil slice for both.
type bytesColumn struct{ to *[]byte }

// Scan implements [sql.Scanner].
func (c bytesColumn) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*c.to = nil
	case []byte:
		*c.to = append([]byte{}, v...) // the driver may reuse v
	default:
		return errors.New("stored bytes are not bytes")
	}
	return nil
}

// notNull returns empty bytes for nil, for a column that is NOT NULL.
func notNull(bytes []byte) []byte {
	if bytes == nil {
		return []byte{}
	}
	return bytes
}

// encodeTexts returns texts as one value for [sqldb.Dialect.TextList].
func encodeTexts[T ~string](texts []T) string {
	list, _ := json.Marshal(texts) // strings can always be encoded
	return string(list)
}
