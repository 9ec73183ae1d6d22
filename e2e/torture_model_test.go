package e2e_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// state is everything that one client has created. The client's model predicts one state, and the test reads the actual
// one. The two are equal unless the server has lost, torn, duplicated or invented something.
type state struct {
	Users map[string]userState // the key is the email address
	Log   []logEntry           // activity log entries, in order
	Mail  map[string]string    // outbox messages: the key is the client address of the request, the value the recipient
}

// userState is a user in a state.
type userState struct {
	ID         int64
	Name       string
	Surname    string
	Department string // department
	Active     bool
	Roles      string // list of role ids as fmt prints it
	Sessions   int
}

// logEntry is an entry of the activity log. TargetID is 0 for sessions, because the API doesn't tell clients the
// session's id.
type logEntry struct {
	Action   string
	Actor    string
	TargetID int64
	Target   string
	Changes  string
}

// defaultRoles are the roles of a new user, in the form of userState.Roles.
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
			break // later entries differ only because they are shifted
		}
	}
	return strings.Join(lines, "\n")
}

// union returns the keys of both maps, sorted and without duplicates.
func union[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// model is the state that a client expects. It contains the effects of acknowledged requests. At most one request,
// unresolved, has an unknown outcome.
type model struct {
	*state
	sessions   map[string]int64 // user ids of valid sessions; the key is the token
	ended      []string         // tokens of sessions that have ended since the last check
	unresolved *request         // request that got no response, or nil
}

// resolve decides from the actual state whether the unresolved request has taken effect. If it has, resolve applies it
// to the model. If the actual state is neither that before the request nor that after it, resolve returns the
// differences.
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

// recoveries returns the number of recovery messages to an email address.
func (m *model) recoveries(address string) (n int) {
	for _, to := range m.Mail {
		if to == address {
			n++
		}
	}
	return n
}

// endSessions removes all sessions of a user from the model.
func (m *model) endSessions(id int64) {
	for token, owner := range m.sessions {
		if owner == id {
			m.endSession(token)
		}
	}
}

// endSession removes the session of a token from the model.
func (m *model) endSession(token string) {
	delete(m.sessions, token)
	m.ended = append(m.ended, token)
}

// addEntry adds an activity log entry to the model.
func (m *model) addEntry(action, actor string, id int64, target string, changes ...string) {
	m.Log = append(m.Log, logEntry{
		Action: action, Actor: actor, TargetID: id, Target: target, Changes: strings.Join(changes, " "),
	})
}

// formatChange formats a changed field of an activity log entry, for both the model and the actual state.
func formatChange(field string, from, to any) string { return fmt.Sprintf("%s:%v>%v", field, from, to) }
