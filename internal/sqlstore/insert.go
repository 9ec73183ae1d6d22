package sqlstore

import (
	"context"
	"math/bits"
	"strconv"
	"strings"
)

// insertRows is how many rows one statement inserts at most: many, because far
// from the database each statement takes a journey, and well below the number of
// values that an engine takes. It is a power of two.
const insertRows = 64

// insert inserts rows, each of them the values of the columns in their order, into
// "table (columns)".
func (q queries) insert(ctx context.Context, into string, rows [][]any) error {
	return eachInsert(into, rows, func(statement string, args []any) error {
		return q.run(ctx, statement, args...)
	})
}

// insertReturning is insert, and reads these columns of the new rows, which come
// in any order.
func insertReturning[T any](ctx context.Context, q queries, scan func(scanner) (T, error), into string, rows [][]any, columns string) ([]T, error) {
	var made []T
	err := eachInsert(into, rows, func(statement string, args []any) error {
		some, err := all(ctx, q, scan, statement+` RETURNING `+columns, args...)
		made = append(made, some...)
		return err
	})
	return made, err
}

// eachInsert calls f with the statements that insert rows. Each inserts a power of
// two of them, so that they come in few forms: every form is kept prepared.
func eachInsert(into string, rows [][]any, f func(statement string, args []any) error) error {
	for len(rows) > 0 {
		n := 1 << (bits.Len(uint(min(len(rows), insertRows))) - 1)
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

// separator stands before the value of a column.
func separator(column int) string {
	if column == 0 {
		return "("
	}
	return ", "
}
