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
	// Each pass over the users replays one of the recordings, in turn. A change that adds a role runs other statements
	// than one that removes it. So these two passes need a recording each.
	Recordings []Recording
	Users      int64
	Subject    func(n int64) Subject // returns the subject of the n-th change
}

// Recording holds the statements of one change: BeforeTx those before its transaction, InTx those in its transaction.
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
// numbers below sessions. The returned number is not below sessions, so the recorded change itself is never replayed.
func (s *Script) UnmeasuredChange(pass, sessions int64) int64 {
	passes := sessions/(s.Users-1) + 1
	return (passes+passes%2+pass+1)*(s.Users-1) - 1
}

// recording returns the recorded SQL statements to replay for the n-th change. Each pass over the users replays one of
// the recordings, in turn.
func (s *Script) recording(n int64) Recording {
	return s.Recordings[n/(s.Users-1)%int64(len(s.Recordings))]
}

// forSubject returns a copy of the statement. In the copy, the values of the subject recorded are replaced by those of
// the subject replayed.
func (s Statement) forSubject(recorded, replayed Subject) Statement {
	text := strings.NewReplacer(
		seed.Digits(recorded.UserID), seed.Digits(replayed.UserID), // in email addresses and names
		idList(recorded.UserID), idList(replayed.UserID),
		recorded.Department, replayed.Department,
	)
	args := make([]any, len(s.Args))
	for i, v := range s.Args {
		switch v := v.(type) {
		case int64:
			args[i] = v
			if v == recorded.UserID {
				args[i] = replayed.UserID
			} else if v == recorded.SessionID && recorded.SessionID != 0 {
				args[i] = replayed.SessionID
			}
		case string:
			args[i] = text.Replace(v)
		case *string:
			if v != nil {
				args[i] = text.Replace(*v)
			}
		case []byte:
			args[i] = v
			if len(recorded.TokenHash) > 0 && bytes.Equal(v, recorded.TokenHash) {
				args[i] = replayed.TokenHash
			}
		default:
			args[i] = v
		}
	}
	return Statement{SQL: s.SQL, Args: args}
}

// forSubject returns copies of all statements, made by Statement.forSubject.
func forSubject(statements []Statement, recorded, replayed Subject) []Statement {
	all := make([]Statement, len(statements))
	for i, s := range statements {
		all[i] = s.forSubject(recorded, replayed)
	}
	return all
}

// idList returns a JSON array with one id, the form of ids in the arguments of statements.
func idList(id int64) string { return fmt.Sprintf("[%d]", id) }
