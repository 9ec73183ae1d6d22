package sqlstore

import (
	"context"
	"math/bits"
	"strconv"
	"strings"
)

// conditions builds a WHERE clause, and the values of its parameters, from the filters that are set.
type conditions struct {
	text string
	args []any
}

// add adds a condition, which has a ? for each of args in order.
func (c *conditions) add(condition string, args ...any) {
	for _, arg := range args {
		condition = strings.Replace(condition, "?", c.bind(arg), 1)
	}
	if c.text == "" {
		c.text = ` WHERE ` + condition
	} else {
		c.text += ` AND ` + condition
	}
}

// bind adds the value of a parameter and returns the placeholder of it.
func (c *conditions) bind(arg any) string {
	c.args = append(c.args, arg)
	return "$" + strconv.Itoa(len(c.args))
}

// maxInsertRows is how many rows one statement inserts at most. Each statement may take a round
// trip, and the engines limit the number of values to well above this. It is a power of two.
const maxInsertRows = 64

// insert inserts rows into "table (columns)". Each row has the values of the columns in order.
func (q *querier) insert(ctx context.Context, into string, rows [][]any) error {
	return eachInsert(into, rows, func(statement string, args []any) error {
		return q.execDeferred(ctx, statement, args...)
	})
}

// insertReturning is insert, and reads columns of the new rows, in any order.
func insertReturning[T any](
	ctx context.Context, q *querier, scan scanFunc[T], into string, rows [][]any, columns string,
) ([]T, error) {
	var inserted []T
	err := eachInsert(into, rows, func(statement string, args []any) error {
		returned, err := all(ctx, q, scan, statement+` RETURNING `+columns, args...)
		inserted = append(inserted, returned...)
		return err
	})
	return inserted, err
}

// eachInsert calls f with the statements that insert rows. Each inserts a power of two of them, so
// that there are few different statements: every one is kept prepared.
func eachInsert(into string, rows [][]any, f func(statement string, args []any) error) error {
	for len(rows) > 0 {
		n := 1 << (bits.Len(uint(min(len(rows), maxInsertRows))) - 1)
		var statement strings.Builder
		statement.WriteString(`INSERT INTO ` + into + ` VALUES `)
		args := make([]any, 0, n*len(rows[0]))
		for i, row := range rows[:n] {
			if i > 0 {
				statement.WriteString(", ")
			}
			for j, value := range row {
				args = append(args, value)
				statement.WriteString(separator(j) + "$" + strconv.Itoa(len(args)))
			}
			statement.WriteByte(')')
		}
		if err := f(statement.String(), args); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// separator is written before the value of a column.
func separator(column int) string {
	if column == 0 {
		return "("
	}
	return ", "
}
