package auth

import "sync"

// Limits of the attempts of one counter in this process.
const (
	// maxWaiting limits the attempts that wait for a guess. Each holds a hash slot, so more of
	// them could fill the hash queue.
	maxWaiting = 16
	// maxRefused limits the refused attempts that are remembered until it is known whether they
	// count as failures.
	maxRefused = 256
)

// parallelAttempts groups the attempts in progress in this process by the counter of their
// account. It decides which of them may wait for a guess, and whether those that get none count as
// failures of their client network: not if another attempt of the group has the correct password.
// A service that signs in from many threads at once then doesn't lock its own network. The zero
// value is ready for use.
type parallelAttempts struct {
	mu     sync.Mutex
	groups map[string]*attemptGroup
}

// attemptGroup is the attempts in progress at one counter.
type attemptGroup struct {
	members int
	waiting int
	correct int      // attempts with the correct password since the group began
	refused []string // client networks of the refused attempts that may still count as failures
}

// attemptOutcome is what a member of a group has found out about its password.
type attemptOutcome int

const (
	notVerified attemptOutcome = iota
	correctPassword
	wrongPassword
)

// groupMember is an attempt in progress.
type groupMember struct {
	attempts *parallelAttempts
	key      string
	group    *attemptGroup
	correct  int // group.correct when the attempt began
}

// join adds an attempt at the counter with this key. Call leave when the attempt ends.
func (p *parallelAttempts) join(key string) *groupMember {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.groups == nil {
		p.groups = map[string]*attemptGroup{}
	}
	group := p.groups[key]
	if group == nil {
		group = &attemptGroup{}
		p.groups[key] = group
	}
	group.members++
	return &groupMember{attempts: p, key: key, group: group, correct: group.correct}
}

// wait reports whether the attempt may wait for a guess: fewer than maxWaiting attempts of the
// group do. Call stopWaiting after wait has reported true.
func (m *groupMember) wait() bool {
	m.attempts.mu.Lock()
	defer m.attempts.mu.Unlock()
	if m.group.waiting >= maxWaiting {
		return false
	}
	m.group.waiting++
	return true
}

func (m *groupMember) stopWaiting() {
	m.attempts.mu.Lock()
	defer m.attempts.mu.Unlock()
	m.group.waiting--
}

// refuse records that the attempt got no guess. It counts as a failure of its client network
// unless a parallel attempt had the correct password, or will turn out to have it.
func (m *groupMember) refuse(network string) {
	m.attempts.mu.Lock()
	defer m.attempts.mu.Unlock()
	if m.group.correct == m.correct {
		m.group.refused = append(m.group.refused, network)
	}
}

// leave ends the attempt. It returns the client network of each refused attempt of the group that
// is now known to count as a failure, because this attempt had a wrong password or no other one is
// left that could have the correct one.
func (m *groupMember) leave(outcome attemptOutcome) (failed []string) {
	m.attempts.mu.Lock()
	defer m.attempts.mu.Unlock()
	group := m.group
	if group.members--; group.members == 0 {
		delete(m.attempts.groups, m.key)
	}
	switch {
	case outcome == correctPassword:
		group.correct++
		group.refused = nil
	case outcome == wrongPassword || group.members == 0 || len(group.refused) >= maxRefused:
		failed, group.refused = group.refused, nil
	}
	return failed
}
