package main

import (
	"context"
	"fmt"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
)

// Descriptions of baselines that more than one row uses.
const (
	sameBytes   = "net/http handler, same bytes"
	sqlAlone    = "SQL alone, same statements"
	groupCommit = "SQL alone, group commit"
)

// rows returns the rows of the table for a database engine.
func rows(s settings, e database.Engine) []row {
	whoamiRatio, listRatio, changeRatio := 0.85, 0.60, 0.60
	if _, ok := e.(*database.Postgres); ok {
		whoamiRatio, listRatio = 0.80, 0.55 // lower, because the processes of PostgreSQL share the cores
		changeRatio = 0.70                  // higher, because SQL alone takes longer there
	}
	all := []row{
		{
			name: fmt.Sprintf("whoami, %d connections", busyConns), baseline: sameBytes,
			limit: limit{value: whoamiRatio},
			measure: func(ctx context.Context, b *bench) (result, error) {
				return b.againstHandler(ctx, "/api/users/whoami", func(credential string, _ int64) requests.Request {
					return requests.Whoami(credential)
				})
			},
		},
		{
			name: "one user, the same each time", baseline: sameBytes, limit: limit{value: 0.60},
			measure: func(ctx context.Context, b *bench) (result, error) {
				return b.againstHandler(ctx, "/api/users/500", func(credential string, _ int64) requests.Request {
					return requests.Get("/api/users/500", credential)
				})
			},
		},
		{
			name: "one user, another each time", baseline: sameBytes, limit: limit{value: 0.60},
			measure: func(ctx context.Context, b *bench) (result, error) {
				return b.againstHandler(ctx, "/api/users/{id}", requests.User)
			},
		},
		{
			// Besides its hash, a sign-in needs two durable transactions: one counts the attempt before the hash, the
			// other stores the session.
			name: "sign-in", baseline: "hashes alone on all cores", limit: limit{value: 0.75},
			measure: signIns,
		},
		{
			name: "whoami while sign-ins fill the hash pool", baseline: "whoami while a process hashes on all cores",
			limit: limit{value: 1.5, upper: true}, measure: whoamiDuringSignIns,
		},
		{
			name: "all users", baseline: "scan and encoding, no HTTP", limit: limit{value: listRatio},
			measure: listUsers,
		},
		{
			name: "all users: memory", baseline: "before the list", limit: limit{value: 16, unit: " MiB", upper: true},
			measure: listMemory,
		},
		{
			name: fmt.Sprintf("create %d users", newUsers), baseline: "as many hashes alone on all cores",
			limit: limit{value: 0.90}, measure: createUsers,
		},
		{
			name: "start to first 200", baseline: "Go hello-world server",
			limit: limit{value: 150, unit: " ms", upper: true}, measure: startTime,
		},
		{name: "idle memory", limit: limit{value: 64, unit: " MiB", upper: true}, measure: idleMemory},
		{name: "binary size", limit: limit{value: 45, unit: " MB", upper: true}, measure: binarySize},
	}
	for _, c := range changes {
		all = append(all,
			row{
				name: c.name + ", 1 caller", baseline: sqlAlone, limit: limit{value: changeRatio},
				measure: func(ctx context.Context, b *bench) (result, error) { return c.measure(ctx, b, 1) },
			},
			row{
				name: fmt.Sprintf("%s, %d callers", c.name, busyConns), baseline: groupCommit,
				limit:   limit{value: changeRatio},
				measure: func(ctx context.Context, b *bench) (result, error) { return c.measure(ctx, b, busyConns) },
			},
		)
	}
	for _, o := range scalingOperations {
		all = append(all, row{
			name:     fmt.Sprintf("%s, %d users", o.name, s.largeUsers),
			baseline: fmt.Sprintf("the same, %d users", s.smallUsers),
			limit:    limit{value: 1.2, upper: true},
			measure:  o.measure,
		})
	}
	return all
}
