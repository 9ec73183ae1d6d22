package e2e_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// state is all that one client has created, as its model expects it or as the checker reads it. The two are equal
// unless the server has lost, torn, duplicated or invented something.
type state struct {
	Users map[string]userState // by email address
	Log   []logEntry           // the activity log, in order
	Mail  map[string]string    // the outbox: recipients by the client address of the request
}

// userState is a user.
type userState struct {
	ID         int64
	Name       string
	Surname    string
	Department string // department
	Active     bool
	Roles      string // as fmt prints them
	Sessions   int
}

// logEntry is an entry of the activity log. TargetID is 0 for sessions, because clients don't get their ids.
type logEntry struct {
	Action   string
	Actor    string
	TargetID int64
	Target   string
	Changes  string
}

// defaultRoles are the roles of a new user.
const defaultRoles = "[2]"

func newState() *state {
	return &state{Users: map[string]userState{}, Mail: map[string]string{}}
}

// diff describes the differences between the expected and the actual state, and returns "" if they are equal.
func (expected *state) diff(actual state) string {
	if reflect.DeepEqual(*expected, actual) {
		return ""
	}
	var lines []string
	compare := func(what string, expected, actual any) {
		if expected != actual {
			lines = append(lines, fmt.Sprintf("%s\n\texpected: %+v\n\tactual:   %+v", what, expected, actual))
		}
	}
	for _, address := range union(expected.Users, actual.Users) {
		compare("user "+address, expected.Users[address], actual.Users[address])
	}
	for _, source := range union(expected.Mail, actual.Mail) {
		compare("mail for "+source, expected.Mail[source], actual.Mail[source])
	}
	at := func(log []logEntry, i int) any {
		if i < len(log) {
			return log[i]
		}
		return "nothing"
	}
	for i := range max(len(expected.Log), len(actual.Log)) {
		if at(expected.Log, i) != at(actual.Log, i) {
			compare(fmt.Sprintf("entry %d of the log", i), at(expected.Log, i), at(actual.Log, i))
			break // the entries after it are only shifted
		}
	}
	return strings.Join(lines, "\n")
}

// union returns the keys of both maps, sorted.
func union[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// model is the state that a client expects: the effect of its acknowledged requests, and at most one request with an
// unknown outcome.
type model struct {
	*state
	sessions   map[string]int64 // user ids by the tokens of valid sessions
	ended      []string         // tokens of sessions that ended since the last check
	unresolved *request         // without an answer
}

// resolve decides from the actual state whether the unresolved request has taken effect, and applies it to the model if
// it has. It returns the differences if the state is neither that before nor that after the request.
func (m *model) resolve(actual state) (applied bool, difference string) {
	difference = m.diff(actual)
	request := m.unresolved
	m.unresolved = nil
	if difference == "" || request == nil {
		return false, difference
	}
	request.apply(m, reply{ids: func(address string) int64 { return actual.Users[address].ID }})
	differenceAfter := m.diff(actual)
	if differenceAfter == "" {
		return true, ""
	}
	return false, fmt.Sprintf("%s\nIf the last request (%s %s) has taken effect:\n%s",
		difference, request.method, request.path, differenceAfter)
}

// recoveries returns the number of recovery messages for an email address.
func (m *model) recoveries(address string) (n int) {
	for _, to := range m.Mail {
		if to == address {
			n++
		}
	}
	return n
}

// endSessions ends all sessions of a user.
func (m *model) endSessions(id int64) {
	for token, owner := range m.sessions {
		if owner == id {
			m.endSession(token)
		}
	}
}

// endSession ends the session of a token.
func (m *model) endSession(token string) {
	delete(m.sessions, token)
	m.ended = append(m.ended, token)
}

// addEntry adds an entry to the activity log.
func (m *model) addEntry(action, actor string, id int64, target string, changes ...string) {
	m.Log = append(m.Log, logEntry{
		Action: action, Actor: actor, TargetID: id, Target: target, Changes: strings.Join(changes, " "),
	})
}

// formatChange formats a changed field of an entry, for the model and the checker.
func formatChange(field string, from, to any) string { return fmt.Sprintf("%s:%v>%v", field, from, to) }
