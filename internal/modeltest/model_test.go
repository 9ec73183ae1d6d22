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

// model is the server as it should be.
type model struct {
	now         time.Time
	users       map[int64]*user
	roles       map[int64]*role
	credentials []*credential // in the order of their making, also those that are over
	recoveries  []*recovery   // likewise
	outbox      []*message    // likewise
	imports     map[int64]*userImport
	counters    map[string]*counter
	known       map[origin]time.Time // when a user last came from there
	settings    map[string]object    // by the name of their group
	used        map[string]bool      // ids and tokens that were given, with their kind
	twice       string               // one that was given once more
	activity    []*entry
	touchLost   bool // the server could not keep the last use of a credential
}

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

func newModel() *model {
	m := &model{
		now: start, users: map[int64]*user{}, roles: builtIn(), counters: map[string]*counter{},
		known: map[origin]time.Time{}, settings: newSettings(), imports: map[int64]*userImport{}, used: map[string]bool{}, activity: []*entry{setUp},
	}
	m.users[1] = &user{id: 1, name: "Admin", email: adminEmail, password: passwords[0], active: true, roles: []int64{administrator}}
	return m
}

// machine does the same to the server and to the model.
type machine struct {
	*server
	model     *model
	steps     int
	nextCheck int // the step after which all is compared
}

// Few in a normal run; -rapid.checks and -rapid.steps ask for more.
func init() {
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": "120"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

func TestServerIsAsTheModel(t *testing.T) {
	for _, engine := range enginetest.Engines {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				m := &machine{server: newServer(rt, engine), model: newModel()}
				m.begin(rt)
				rt.Repeat(map[string]func(*rapid.T){"step": m.step, "": m.sometimesCheck})
				m.check(rt)
			})
		})
	}
}

// weights are how often a step can be an operation, where that is neither 1, as for
// what only shows something (all that it shows is compared every few steps), nor 3.
var weights = map[string]int{
	"apiLoginPost": 8, "apiUsersIdPatch": 8, "apiUsersIdRolesPut": 8, "apiRolesIdPermissionsPut": 8, "apiUsersPasswordPatch": 8,
	"apiApplicationSettingsPatch": 5,
	"apiUsersIdDelete":            2, // or soon nobody is left who may do much
}

// things are the names of what a step can be, as often as they have weight.
var things = sync.OnceValue(func() (names []string) {
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

// step does one thing. rapid prefers the first ones of a list, and none is to be
// preferred here, so the number of the thing is drawn bit by bit.
func (m *machine) step(t *rapid.T) {
	number := 0
	for _, bit := range rapid.SliceOfN(rapid.Bool(), 12, 12).Draw(t, "thing") {
		number *= 2
		if bit {
			number++
		}
	}
	name := things()[number%len(things())]
	if do, ok := operations[name]; ok {
		do(m, t)
		return
	}
	events[name](m, t)
}

func (m *machine) say(t *rapid.T, format string, args ...any) {
	m.steps++
	t.Logf("%d. "+format, append([]any{m.steps}, args...)...)
}

// call sends a request as somebody and compares the answer with that of the rule,
// which is asked only for a credential that lets its owner in.
func (m *machine) call(t *rapid.T, method, path string, body any, rule func(p *principal, got answer) *expected) {
	t.Helper()
	by, source := m.drawCaller(t), drawSource(t)
	m.callAs(t, by, source, method, path, body, rule)
}

func (m *machine) callAs(t *rapid.T, by *credential, source, method, path string, body any, rule func(p *principal, got answer) *expected) {
	t.Helper()
	m.send(t, by.words, request{method, path, body, by.text, source}, func(got answer) *expected {
		p := m.model.enter(by, source)
		if p == nil {
			return unauthorized()
		}
		return rule(p, got)
	})
}

// send sends a request and compares the answer with that of the rule.
func (m *machine) send(t *rapid.T, who string, r request, rule func(got answer) *expected) {
	t.Helper()
	what := fmt.Sprintf("%s: %s %s", who, r.method, r.path)
	if r.body != nil {
		what += " " + jsonOf(r.body)
	}
	what += " from " + r.source
	got, faults := m.answer(t, r)
	want := rule(got)
	m.say(t, "%s -> %d %s", what, got.status, got.string("error"))
	compare(t, what+faults, got, want)
	if m.model.twice != "" {
		t.Fatalf("%s\n  the server gave %s once more", what, m.model.twice)
	}
}

// answer sends a request and returns what came back, and what the server has
// logged of faults of its own.
func (m *machine) answer(t *rapid.T, r request) (got answer, faults string) {
	m.log.take()
	got = m.do(t, r)
	log := m.log.take()
	m.model.touchLost = strings.Contains(log, "was not kept")
	return got, errorsOf(log)
}

// errorsOf returns what a log has of faults of the server.
func errorsOf(log string) string {
	var lines []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, "level=ERROR") {
			lines = append(lines, "\n  "+strings.TrimSpace(line))
		}
	}
	return strings.Join(lines, "")
}

// fresh returns an id that the server gave to something new. None is given twice.
func (m *model) fresh(kind string, id int64) int64 {
	if id != 0 {
		m.new(fmt.Sprint(kind, " ", id))
	}
	return id
}

// new notes that the server gave an id or a token.
func (m *model) new(name string) {
	if m.used[name] {
		m.twice = name
	}
	m.used[name] = true
}

// newest returns the ids of a map, the greatest first: rapid prefers those.
func newest[T any](byID map[int64]T) []int64 {
	ids := slices.Sorted(maps.Keys(byID))
	slices.Reverse(ids)
	return ids
}

// sorted returns the values of a map in the order of their ids.
func sorted[T any](byID map[int64]T) []T {
	var values []T
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		values = append(values, byID[id])
	}
	return values
}
