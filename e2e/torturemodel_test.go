package e2e_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// world is what there is of one client's making: what the model says there must
// be, and what the checker sees. Only what is kept at the moment counts, so the
// two are equal or something was lost, halved, doubled or invented.
type world struct {
	Users map[string]person // by address
	Log   []entry           // of the activity log, in its order
	Mail  map[string]string // of the outbox: who was written to, by the source that asked
}

// person is a user.
type person struct {
	ID       int64
	Name     string
	Surname  string
	Unit     string // department
	Active   bool
	Roles    string // as fmt prints them
	Sessions int
}

// entry is an entry of the activity log. TargetID is 0 for sessions: a client is not
// told their ids.
type entry struct {
	Action   string
	Actor    string
	TargetID int64
	Target   string
	Changes  string
}

// defaultRoles are those of a new user.
const defaultRoles = "[2]"

func newWorld() *world {
	return &world{Users: map[string]person{}, Mail: map[string]string{}}
}

// difference tells what is seen otherwise than it is known; empty: nothing.
func (known *world) difference(seen world) string {
	if reflect.DeepEqual(*known, seen) {
		return ""
	}
	var lines []string
	differs := func(what string, known, seen any) {
		if known != seen {
			lines = append(lines, fmt.Sprintf("%s\n\tknown: %+v\n\tseen:  %+v", what, known, seen))
		}
	}
	for _, address := range union(known.Users, seen.Users) {
		differs("user "+address, known.Users[address], seen.Users[address])
	}
	for _, source := range union(known.Mail, seen.Mail) {
		differs("mail for "+source, known.Mail[source], seen.Mail[source])
	}
	at := func(log []entry, i int) any {
		if i < len(log) {
			return log[i]
		}
		return "nothing"
	}
	for i := range max(len(known.Log), len(seen.Log)) {
		if at(known.Log, i) != at(seen.Log, i) {
			differs(fmt.Sprintf("entry %d of the log", i), at(known.Log, i), at(seen.Log, i))
			break // those behind it are moved, and tell nothing
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

// knowledge is what a client knows: the world that its acknowledged requests have
// made, and at most one request whose outcome it was not told.
type knowledge struct {
	*world
	live    map[string]int64 // the sessions whose token it knows: whose they are
	ended   []string         // tokens of sessions that have ended since the last check
	unknown *request
}

// resolve finds out from what is seen whether the request of unknown outcome has
// happened, and takes note of it. Whole or not at all: nothing else can be seen,
// and what is seen otherwise is returned.
func (k *knowledge) resolve(seen world) (happened bool, difference string) {
	difference = k.difference(seen)
	if difference == "" || k.unknown == nil {
		k.unknown = nil
		return false, difference
	}
	asked := k.unknown
	k.unknown = nil
	asked.happens(k, reply{ids: func(address string) int64 { return seen.Users[address].ID }})
	otherwise := k.difference(seen)
	if otherwise == "" {
		return true, ""
	}
	return false, fmt.Sprintf("%s\nAnd, had the last request (%s %s) happened:\n%s", difference, asked.method, asked.path, otherwise)
}

// asked counts the recovery messages for an address.
func (k *knowledge) asked(address string) (n int) {
	for _, to := range k.Mail {
		if to == address {
			n++
		}
	}
	return n
}

// endSessions notes that all sessions of a user have ended.
func (k *knowledge) endSessions(id int64) {
	for token, owner := range k.live {
		if owner == id {
			k.endSession(token)
		}
	}
}

func (k *knowledge) endSession(token string) {
	delete(k.live, token)
	k.ended = append(k.ended, token)
}

// write adds an entry to the log.
func (k *knowledge) write(action, actor string, id int64, target string, changes ...string) {
	k.Log = append(k.Log, entry{action, actor, id, target, strings.Join(changes, " ")})
}

// change is a field of an entry as the model and the checker write it.
func change(field string, from, to any) string { return fmt.Sprintf("%s:%v>%v", field, from, to) }
