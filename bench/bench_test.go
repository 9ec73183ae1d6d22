package bench_test

import (
	"context"
	"testing"

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
	requests "github.com/seed-3a99a2fe/usher/bench/internal/work"
)

// work is a kind of request, and where the bare handler gives Usher's answer to it.
type work struct {
	name, pattern string
	request       func(credential string) requests.Request
}

// users is how many there are in the database.
const users = 1000

var (
	whoami  = work{"whoami", "/api/users/whoami", requests.Whoami}
	oneUser = work{"one user", "/api/users/{id}", func(c string) requests.Request { return requests.User(c, users) }}
	list    = work{"list", "/api/users", requests.List}
	login   = work{"login", "/api/login", func(string) requests.Request { return requests.Login(users) }}
	patch   = work{"patch", "/api/users/{id}", func(c string) requests.Request { return requests.Patch(c, users) }}
	create  = work{"create", "/api/users", func(c string) requests.Request { return requests.Create(c, newUsers) }}
)

const (
	// perCore is how many connections there are for each core, so that none idles
	// while a request is on its way.
	perCore  = 4
	newUsers = 1000 // of one request
)

func BenchmarkWhoami(b *testing.B)   { compare(b, whoami) }
func BenchmarkGet(b *testing.B)      { compare(b, oneUser) }
func BenchmarkList1000(b *testing.B) { compare(b, list) }
func BenchmarkPatch(b *testing.B)    { compare(b, patch) }

func BenchmarkLogin(b *testing.B) {
	compare(b, login)
	b.Run("hash", func(b *testing.B) {
		reportCPU(b, func() {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					bare.Hash()
				}
			})
		})
	})
}

// BenchmarkCreate1000 takes the longest by far: each operation of usher and of
// hashes is a thousand hashes, on all cores, for one request.
func BenchmarkCreate1000(b *testing.B) {
	b.Run("usher", func(b *testing.B) {
		u := startUsher(b)
		request := create.request(u.token)
		c := dial(b, u.address)
		reportCPU(b, func() {
			for n := int64(0); b.Loop(); n++ {
				if err := c.Ask(request, n); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("hashes", func(b *testing.B) {
		reportCPU(b, func() {
			for b.Loop() {
				bare.HashUntil(context.Background(), newUsers)
			}
		})
	})
}

// compare measures a kind of work on Usher and on the bare handler.
func compare(b *testing.B, w work) {
	u := startUsher(b)
	request := w.request(u.token)
	b.Run("usher", func(b *testing.B) { u.ask(b, u.address, request) })
	b.Run("bare", func(b *testing.B) {
		r, body, err := dial(b, u.address).Answer(request.Bytes(u.asked.Add(1)), request.Status)
		if err != nil {
			b.Fatal(err)
		}
		u.ask(b, listen(b, bare.Handler(bare.Record(w.pattern, r, body))), request)
	})
}

// ask sends requests on several connections at once, never the same twice.
func (u *usher) ask(b *testing.B, address string, request requests.Request) {
	b.ReportAllocs()
	b.SetParallelism(perCore)
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
				if err := c.Ask(request, u.asked.Add(1)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}
