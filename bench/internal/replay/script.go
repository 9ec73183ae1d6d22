// Package replay records the SQL statements that Usher runs for a change, and runs them again without Usher, each time
// for another user or session. That is the baseline of changes: the statements alone.
//
// The package imports seed and database.
package replay

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
)

// Script is the recorded statements of a change, and the subjects that they are replayed for.
type Script struct {
	// Recordings are used in turn, one for each pass over all users. A pass that sets roles and one that removes them
	// run different statements.
	Recordings []Recording
	Users      int64
	Subject    func(n int64) Subject // of the n-th change
}

// Recording is the statements of one change, before its transaction and in it.
type Recording struct {
	Subject        Subject // that the change was recorded for
	BeforeTx, InTx []Statement
}

// Statement is an SQL statement with its arguments.
type Statement struct {
	SQL  string
	Args []any
}

// Append returns a function for sqldb.Trace that appends each statement to the list.
func Append(list *[]Statement) func(string, []any) {
	return func(statement string, args []any) {
		*list = append(*list, Statement{SQL: statement, Args: slices.Clone(args)})
	}
}

// Subject is the values in the statements that depend on the changed user or session.
type Subject struct {
	UserID, SessionID int64 // a SessionID of 0 is in no statement
	Department        string
	TokenHash         []byte
}

// UnmeasuredChange returns the number of a change for a recording in a pass over the users. It is above those of
// sessions changes, so the recorded change is never replayed.
func (s *Script) UnmeasuredChange(pass, sessions int64) int64 {
	passes := sessions/(s.Users-1) + 1
	return (passes+passes%2+pass+1)*(s.Users-1) - 1
}

// recording returns the recording for the n-th change.
func (s *Script) recording(n int64) Recording {
	return s.Recordings[n/(s.Users-1)%int64(len(s.Recordings))]
}

// forSubject returns the statement with the values of one subject replaced by those of another.
func (s Statement) forSubject(from, to Subject) Statement {
	text := strings.NewReplacer(
		seed.Digits(from.UserID), seed.Digits(to.UserID), // in addresses and names
		idList(from.UserID), idList(to.UserID),
		from.Department, to.Department,
	)
	args := make([]any, len(s.Args))
	for i, v := range s.Args {
		switch v := v.(type) {
		case int64:
			args[i] = v
			if v == from.UserID {
				args[i] = to.UserID
			} else if v == from.SessionID && from.SessionID != 0 {
				args[i] = to.SessionID
			}
		case string:
			args[i] = text.Replace(v)
		case *string:
			if v != nil {
				args[i] = text.Replace(*v)
			}
		case []byte:
			args[i] = v
			if len(from.TokenHash) > 0 && bytes.Equal(v, from.TokenHash) {
				args[i] = to.TokenHash
			}
		default:
			args[i] = v
		}
	}
	return Statement{SQL: s.SQL, Args: args}
}

// forSubject returns all statements for another subject.
func forSubject(statements []Statement, from, to Subject) []Statement {
	all := make([]Statement, len(statements))
	for i, s := range statements {
		all[i] = s.forSubject(from, to)
	}
	return all
}

// idList is a list of one id as statements take it, in JSON.
func idList(id int64) string { return fmt.Sprintf("[%d]", id) }
