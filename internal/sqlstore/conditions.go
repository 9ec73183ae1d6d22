package sqlstore

import (
	"strconv"
	"strings"
)

// conditions builds a WHERE clause, with its parameters, for queries that ask
// only for what somebody filters by.
type conditions struct {
	text string
	args []any
}

// add adds a condition that has a ? for each of its parameters, in their order.
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

// bind takes the value of a parameter and returns its placeholder.
func (c *conditions) bind(arg any) string {
	c.args = append(c.args, arg)
	return "$" + strconv.Itoa(len(c.args))
}
