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

// add adds a condition with AND. Each ? in the condition stands for one of args, in order.
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

// bind adds the value of a parameter and returns its placeholder, such as $1.
func (c *conditions) bind(arg any) string {
	c.args = append(c.args, arg)
	return "$" + strconv.Itoa(len(c.args))
}

// maxInsertRows is the largest number of rows that one statement inserts, a power of two. Inserting more rows at once
// saves round trips, but 64 rows stay well below the engines' limits on parameters.
const maxInsertRows = 64

// insert inserts rows into a table. table has the names of the table and its columns, as in "table (a, b)". Each row
// has the values of these columns in order.
func (q *querier) insert(ctx context.Context, table string, rows [][]any) error {
	return eachInsert(table, rows, func(statement string, args []any) error {
		return q.execDeferred(ctx, statement, args...)
	})
}

// insertReturning inserts rows and returns the given columns of the new rows. The order of the returned rows is
// undefined.
func insertReturning[T any](
	ctx context.Context, q *querier, scan scanFunc[T], table string, rows [][]any, columns string,
) ([]T, error) {
	var inserted []T
	err := eachInsert(table, rows, func(statement string, args []any) error {
		returned, err := all(ctx, q, scan, statement+` RETURNING `+columns, args...)
		inserted = append(inserted, returned...)
		return err
	})
	return inserted, err
}

// eachInsert calls f with the statements that together insert rows. The number of rows in each statement is a power of
// two. So there are only a few different statements, and all of them can stay prepared.
func eachInsert(table string, rows [][]any, f func(statement string, args []any) error) error {
	for len(rows) > 0 {
		n := 1 << (bits.Len(uint(min(len(rows), maxInsertRows))) - 1)
		var statement strings.Builder
		statement.WriteString(`INSERT INTO ` + table + ` VALUES `)
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

// separator returns the text before the value of a column: "(" before the first one, else ", ".
func separator(column int) string {
	if column == 0 {
		return "("
	}
	return ", "
}
