package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
)

// script is the statements of a change, which can be run for another subject.
type script struct {
	forms   []form // one for each pass over all users, in turn
	users   int64
	offset  int64 // from the number of a session to its id
	subject func(s *script, n int64) subject
}

// form is the statements of a change, before its transaction and in it, and what it was
// about.
type form struct {
	about           subject
	outside, inside []step
}

// step is one statement with its values.
type step struct {
	statement string
	values    []any
}

// keep returns what adds statements to a list. Those that everybody reads in the
// background are not heard of: they have another context.
func keep(list *[]step) func(string, []any) {
	return func(statement string, values []any) {
		*list = append(*list, step{statement, slices.Clone(values)})
	}
}

// subject is what a change is about, as far as its statements have values of it.
type subject struct {
	user, session int64
	department    string
	hash          []byte
}

// recorded is a change of a pass over the users that is never measured: there are not as
// many sessions.
func (s *script) recorded(pass int64) int64 {
	passes := sessions/(s.users-1) + 1
	return (passes+passes%2+pass+1)*(s.users-1) - 1
}

// form returns the statements of the n-th change.
func (s *script) form(n int64) form { return s.forms[n/(s.users-1)%int64(len(s.forms))] }

// replaced returns the values of a step for another subject than it was kept for.
func (s step) replaced(was, is subject) []any {
	text := strings.NewReplacer(
		seed.Digits(was.user), seed.Digits(is.user), // addresses and names
		ids(was.user), ids(is.user),
		was.department, is.department,
	)
	values := make([]any, len(s.values))
	for i, v := range s.values {
		switch v := v.(type) {
		case int64:
			values[i] = v
			if v == was.user {
				values[i] = is.user
			} else if v == was.session && was.session != 0 {
				values[i] = is.session
			}
		case string:
			values[i] = text.Replace(v)
		case *string:
			if v != nil {
				values[i] = text.Replace(*v)
			}
		case []byte:
			values[i] = v
			if len(was.hash) > 0 && bytes.Equal(v, was.hash) {
				values[i] = is.hash
			}
		default:
			values[i] = v
		}
	}
	return values
}

// ids is a list of one id, as statements are given it.
func ids(id int64) string { return fmt.Sprintf("[%d]", id) }
