package bench_test

import (
	"context"
	"testing"

	"github.com/seed-3a99a2fe/usher/bench/internal/baseline"
	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
)

// operation is an API operation to measure, with the path pattern at which the baseline handler serves it.
type operation struct {
	name, pattern string
	request       func(credential string) requests.Request
}

const (
	users    = 1000 // number of users in the seeded database
	newUsers = 1000 // number of users that one request creates
	// connsPerCore is high enough that no core idles while a request is in transit.
	connsPerCore = 4
)

var (
	whoami  = operation{"whoami", "/api/users/whoami", requests.Whoami}
	oneUser = operation{"one user", "/api/users/{id}", func(credential string) requests.Request {
		return requests.User(credential, users)
	}}
	list   = operation{"list", "/api/users", requests.List}
	signIn = operation{"sign-in", "/api/login", func(string) requests.Request {
		return requests.SignIns(users)
	}}
	patch = operation{"patch", "/api/users/{id}", func(credential string) requests.Request {
		return requests.Patch(credential, users)
	}}
	create = operation{"create", "/api/users", func(credential string) requests.Request {
		return requests.Create(credential, newUsers)
	}}
)

func BenchmarkWhoami(b *testing.B)   { compare(b, whoami) }
func BenchmarkGet(b *testing.B)      { compare(b, oneUser) }
func BenchmarkList1000(b *testing.B) { compare(b, list) }
func BenchmarkPatch(b *testing.B)    { compare(b, patch) }

func BenchmarkLogin(b *testing.B) {
	compare(b, signIn)
	b.Run("hash", func(b *testing.B) {
		reportCPU(b, func() {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					baseline.Hash()
				}
			})
		})
	})
}

// BenchmarkCreate1000 measures requests that create 1,000 users each. It takes longer than the other benchmarks,
// because each request, and each iteration of the baseline, computes 1,000 hashes on all cores.
func BenchmarkCreate1000(b *testing.B) {
	b.Run("usher", func(b *testing.B) {
		u := startUsher(b)
		request := create.request(u.token)
		c := dial(b, u.address)
		reportCPU(b, func() {
			for n := int64(0); b.Loop(); n++ {
				if err := c.Do(request, n); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("hashes", func(b *testing.B) {
		reportCPU(b, func() {
			for b.Loop() {
				baseline.HashUntil(context.Background(), newUsers)
			}
		})
	})
}

// compare runs one sub-benchmark for an operation on Usher and one for the same operation on the baseline handler.
func compare(b *testing.B, o operation) {
	u := startUsher(b)
	request := o.request(u.token)
	b.Run("usher", func(b *testing.B) { u.send(b, u.address, request) })
	b.Run("baseline", func(b *testing.B) {
		r, body, err := dial(b, u.address).Answer(request.Bytes(u.sent.Add(1)), request.Status)
		if err != nil {
			b.Fatal(err)
		}
		u.send(b, listen(b, baseline.Handler(baseline.Record(o.pattern, r, body))), request)
	})
}

// send sends b.N requests concurrently on several connections. Each request has a different number n, from which
// its values are computed.
func (u *usher) send(b *testing.B, address string, request requests.Request) {
	b.ReportAllocs()
	b.SetParallelism(connsPerCore)
	b.ResetTimer()
	reportCPU(b, func() {
		b.RunParallel(func(pb *testing.PB) {
			c, err := requests.Dial(b.Context(), address)
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			for pb.Next() {
				if err := c.Do(request, u.sent.Add(1)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}
