// Package replay records the SQL statements that Usher runs for a change, and replays them without Usher, each time for
// another user or session. The replay is the baseline of a change: the cost of its SQL statements alone.
package replay

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
)

// Script holds the recorded statements of a change, and the users and sessions that they are replayed for.
type Script struct {
	// Recordings take turns: all changes of one pass over the users replay one recording, and the next pass replays the
	// next. Adding a role and removing it run different statements, so these two passes need a recording each.
	Recordings []Recording
	Users      int64
	Subject    func(n int64) Subject // returns the subject of the n-th change
}

// Recording holds the statements of one change: those before its transaction (BeforeTx) and those in it (InTx).
type Recording struct {
	Subject        Subject // the user or session whose change was recorded
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

// Subject holds the values in a recording that depend on the changed user or session.
type Subject struct {
	UserID, SessionID int64 // SessionID is 0 if no statement contains a session
	Department        string
	TokenHash         []byte
}

// UnmeasuredChange returns the number of a change to record in the given pass. The measurement replays changes with
// numbers below sessions. The returned number is higher, so the recorded change itself is never replayed.
func (s *Script) UnmeasuredChange(pass, sessions int64) int64 {
	passes := sessions/(s.Users-1) + 1
	return (passes+passes%2+pass+1)*(s.Users-1) - 1
}

// recording returns the recorded SQL statements to replay for the n-th change. The recordings
// take turns, one for each pass over the users.
func (s *Script) recording(n int64) Recording {
	return s.Recordings[n/(s.Users-1)%int64(len(s.Recordings))]
}

// forSubject returns a copy of the statement in which the values of subject to replace those of subject from.
func (s Statement) forSubject(from, to Subject) Statement {
	text := strings.NewReplacer(
		seed.Digits(from.UserID), seed.Digits(to.UserID), // in email addresses and names
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

// forSubject returns a copy of all statements in which the values of subject to replace those of subject from.
func forSubject(statements []Statement, from, to Subject) []Statement {
	all := make([]Statement, len(statements))
	for i, s := range statements {
		all[i] = s.forSubject(from, to)
	}
	return all
}

// idList returns a JSON array with one id, the form of ids in the arguments of statements.
func idList(id int64) string { return fmt.Sprintf("[%d]", id) }
