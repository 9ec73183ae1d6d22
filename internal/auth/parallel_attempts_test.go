package auth

import (
	"fmt"
	"slices"
	"testing"
)

// TestRefusedAttempts shows which refused attempts count as failures: those of which no parallel
// attempt had the correct password. It is known when another attempt has its outcome, or when none
// is left.
func TestRefusedAttempts(t *testing.T) {
	var p parallelAttempts
	want := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v count, want %v", what, got, want)
		}
	}
	join := func() *groupMember { return p.join("u:1|new") }
	refuse := func(network string) {
		t.Helper()
		m := join()
		m.refuse(network)
		want("a refused attempt, while another one is in progress", m.leave(notVerified), nil)
	}

	first, second, third := join(), join(), join()
	refuse("a")
	want("after a correct password", first.leave(correctPassword), nil)
	second.refuse("b") // waited in vain, but a parallel attempt had the correct password
	want("parallel to a correct password", second.leave(notVerified), nil)
	refuse("c")
	refuse("c")
	refuse("d")
	fourth := join()
	want("after a wrong password", third.leave(wrongPassword), []string{"c", "c", "d"})
	refuse("e")
	other := p.join("u:2|new")
	want("of another account", other.leave(wrongPassword), nil)
	want("when no attempt is left", fourth.leave(notVerified), []string{"e"})
	if len(p.groups) > 0 {
		t.Errorf("%d groups are left", len(p.groups))
	}
}

// The number of attempts that are remembered is bounded.
func TestRefusedAttemptsAreBounded(t *testing.T) {
	var p parallelAttempts
	p.join("u:1|new")
	counted := 0
	for i := range 10 * maxRefused {
		m := p.join("u:1|new")
		m.refuse(fmt.Sprint(i))
		counted += len(m.leave(notVerified))
		if n := len(p.groups["u:1|new"].refused); n >= maxRefused {
			t.Fatalf("%d attempts are remembered", n)
		}
	}
	if counted != 10*maxRefused {
		t.Errorf("%d attempts count, want all %d", counted, 10*maxRefused)
	}
}
