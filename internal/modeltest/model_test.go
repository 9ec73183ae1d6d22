package modeltest_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

// model is the state that the server is expected to have.
type model struct {
	now         time.Time
	users       map[int64]*user
	roles       map[int64]*role
	credentials []*credential // in the order of creation, including ended ones
	recoveries  []*recovery   // in the order of creation, including ended ones
	outbox      []*message    // in the order of creation
	imports     map[int64]*userImport
	counters    map[string]*counter
	known       map[userNetwork]time.Time // the last sign-in of a user from a network
	settings    map[string]object         // the JSON of each group of settings, by the group's name
	unique      map[string]bool           // all tokens, and all ids with their kind, that the server has issued
	reused      string                    // an id or token that the server issued twice
	activity    []*entry
	lastUseLost bool // the server couldn't store a credential's time of last use
}

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

func newModel() *model {
	m := &model{
		now: start, users: map[int64]*user{}, roles: builtIn(), counters: map[string]*counter{},
		known: map[userNetwork]time.Time{}, settings: newSettings(), imports: map[int64]*userImport{},
		unique: map[string]bool{}, activity: []*entry{setUp},
	}
	m.users[1] = &user{
		id: 1, name: "Admin", email: adminEmail, password: passwords[0], active: true, roles: []int64{administratorRole},
	}
	return m
}

// machine runs the same steps on the server and on the model, and compares the answers.
type machine struct {
	*server
	model     *model
	steps     int
	nextCheck int // number of the step at which check runs next
}

// init sets the defaults of the flags -rapid.checks and -rapid.steps to small numbers, so that a normal run is short.
func init() {
	for name, value := range map[string]string{"rapid.checks": defaultChecks, "rapid.steps": "120"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// TestServerIsAsTheModel runs random sequences of steps on the server and on the model, for each database engine.
func TestServerIsAsTheModel(t *testing.T) {
	for _, engine := range enginetest.Engines {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				m := &machine{server: newServer(rt, engine), model: newModel()}
				m.createInitialUsers(rt)
				rt.Repeat(map[string]func(*rapid.T){"step": m.step, "": m.checkPeriodically})
				m.check(rt)
			})
		})
	}
}

// weights maps the id of an operation to its relative frequency among the steps. The default is 3. Operations that read
// have the weight 1, because check compares all reads every few steps anyway.
var weights = map[string]int{
	"apiLoginPost": 8, "apiUsersIdPatch": 8, "apiUsersIdRolesPut": 8, "apiRolesIdPermissionsPut": 8,
	"apiUsersPasswordPatch":       8,
	"apiApplicationSettingsPatch": 5,
	"apiUsersIdDelete":            2, // users with many permissions must not disappear too soon
}

// stepNames returns a list that repeats the name of each operation and event as many times as its weight.
var stepNames = sync.OnceValue(func() (names []string) {
	for name := range operations {
		weight := cmp.Or(weights[name], 3)
		if strings.HasSuffix(name, "Get") {
			weight = 1
		}
		names = append(names, slices.Repeat([]string{name}, weight)...)
	}
	for name := range events {
		names = append(names, slices.Repeat([]string{name}, 3)...)
	}
	slices.Sort(names)
	return names
})

// step runs one random operation or event. It draws the index in stepNames bit by bit, because rapid would draw the
// first values of a list more often than the others.
func (m *machine) step(t *rapid.T) {
	number := 0
	for _, bit := range rapid.SliceOfN(rapid.Bool(), 12, 12).Draw(t, "step") {
		number *= 2
		if bit {
			number++
		}
	}
	name := stepNames()[number%len(stepNames())]
	if do, ok := operations[name]; ok {
		do(m, t)
		return
	}
	events[name](m, t)
}

// logStep logs one step of the sequence with its number.
func (m *machine) logStep(t *rapid.T, format string, args ...any) {
	m.steps++
	t.Logf("%d. "+format, append([]any{m.steps}, args...)...)
}

// call sends a request with a random credential and compares the server's answer with the result of rule. If the
// credential is invalid, call doesn't call rule and expects 401.
func (m *machine) call(t *rapid.T, method, path string, body any, rule func(p *principal, got answer) *expected) {
	t.Helper()
	caller, network := m.drawCaller(t), drawNetwork(t)
	m.callAs(t, caller, network, method, path, body, rule)
}

// callAs is like call, with the credential caller and a request from the client network.
func (m *machine) callAs(
	t *rapid.T, caller *credential, network, method, path string, body any,
	rule func(p *principal, got answer) *expected,
) {
	t.Helper()
	r := request{method: method, path: path, body: body, token: caller.text, network: network}
	m.send(t, caller.label, r, func(got answer) *expected {
		p := m.model.authenticate(caller, network)
		if p == nil {
			return unauthorized()
		}
		return rule(p, got)
	})
}

// send sends a request and compares the server's answer with the result of rule. caller is the name of the caller in
// the test's log.
func (m *machine) send(t *rapid.T, caller string, r request, rule func(got answer) *expected) {
	t.Helper()
	label := fmt.Sprintf("%s: %s %s", caller, r.method, r.path)
	if r.body != nil {
		label += " " + jsonOf(r.body)
	}
	label += " from " + r.network
	got, logged := m.answer(t, r)
	want := rule(got)
	m.logStep(t, "%s -> %d %s", label, got.status, got.string("error"))
	compare(t, label+logged, got, want)
	if m.model.reused != "" {
		t.Fatalf("%s\n  the server issued %s twice", label, m.model.reused)
	}
}

// answer sends a request and returns the server's answer and the errors that the server has logged.
func (m *machine) answer(t *rapid.T, r request) (got answer, logged string) {
	m.log.take()
	got = m.do(t, r)
	log := m.log.take()
	m.model.lastUseLost = strings.Contains(log, "was not kept")
	return got, errorsOf(log)
}

// errorsOf returns the lines of a log with level ERROR.
func errorsOf(log string) string {
	var lines []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, "level=ERROR") {
			lines = append(lines, "\n  "+strings.TrimSpace(line))
		}
	}
	return strings.Join(lines, "")
}

// uniqueID returns id, which the server has issued for a new object of the kind, and remembers it. If the server issues
// the same id again, send fails the test.
func (m *model) uniqueID(kind string, id int64) int64 {
	if id != 0 {
		m.noteUnique(fmt.Sprint(kind, " ", id))
	}
	return id
}

// noteUnique remembers an id or a token that the server has issued, to find duplicates.
func (m *model) noteUnique(name string) {
	if m.unique[name] {
		m.reused = name
	}
	m.unique[name] = true
}

// newest returns the ids of a map in descending order. rapid draws the first values of a list most often, so these are
// the newest ids.
func newest[T any](byID map[int64]T) []int64 {
	ids := slices.Sorted(maps.Keys(byID))
	slices.Reverse(ids)
	return ids
}

// sorted returns the values of a map, sorted by id.
func sorted[T any](byID map[int64]T) []T {
	var values []T
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		values = append(values, byID[id])
	}
	return values
}
