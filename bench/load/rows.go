package main

import (
	"fmt"

	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

// sameBytes is what requests are measured beside: a handler of net/http that writes what
// Usher wrote.
const sameBytes = "bare handler, same bytes"

// rows are the lines of the table on an engine. What leaves a database as it was comes first.
func rows(s settings, e engine) []row {
	whoami, get := 0.85, 0.60
	if _, is := e.(*postgresEngine); is {
		whoami = 0.80 // its processes are on the same cores
	}
	all := []row{
		{"whoami, 32 connections", sameBytes, limit{value: whoami}, requests("/api/users/whoami", func(credential string, _ int64) work.Request {
			return work.Whoami(credential)
		})},
		{"one user, the same each time", sameBytes, limit{value: get}, requests("/api/users/500", func(credential string, _ int64) work.Request {
			return work.Get("/api/users/500", credential)
		})},
		{"one user, another each time", sameBytes, limit{value: get}, requests("/api/users/{id}", work.User)},
		{"sign-in", "bare hashes on all cores", limit{value: 0.95}, signIns},
		{"whoami while sign-ins fill the pool", "whoami beside a process that burns all cores", limit{value: 1.5, most: true}, storm},
		{"all users", "scan and encoding, no HTTP", limit{value: 0.60}, list},
		{"all users: memory", "before the list", limit{value: 16, unit: " MiB", most: true}, listMemory},
		{fmt.Sprintf("create %d users", newUsers), "as many bare hashes on all cores", limit{value: 0.90}, creates},
		{"start to first 200", "Go hello-world server", limit{value: 60, unit: " ms more", most: true}, starts},
		{"memory at rest", "", limit{value: 32, unit: " MiB", most: true}, rest},
		{"binary", "", limit{value: 30, unit: " MiB", most: true}, binary},
	}
	for _, c := range changes {
		for _, callers := range []int{1, 32} {
			beside := "bare SQL, same statements"
			name := c.name + ", 1 caller"
			if callers > 1 {
				beside, name = "bare SQL, group commit", fmt.Sprintf("%s, %d callers", c.name, callers)
			}
			all = append(all, row{name, beside, limit{value: 0.70}, c.measure(callers)})
		}
	}
	for _, o := range sized {
		all = append(all, row{fmt.Sprintf("%s, %d users", o.name, s.many), fmt.Sprintf("the same, %d users", s.few), limit{value: 1.2, most: true}, o.measure})
	}
	return all
}
