package bench_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

// perCore is how many connections there are for each core, so that none idles
// while a request is on its way.
const perCore = 4

func BenchmarkWhoami(b *testing.B)   { compare(b, work.Whoami) }
func BenchmarkGet(b *testing.B)      { compare(b, work.Get) }
func BenchmarkList1000(b *testing.B) { compare(b, work.List) }

func BenchmarkLogin(b *testing.B) {
	compare(b, work.Login)
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
	u := startUsher(b)
	var answer bare.Answer
	b.Run("usher", func(b *testing.B) {
		reportCPU(b, func() {
			for b.Loop() {
				answer = u.record(b, work.Create)
			}
		})
	})
	b.Run("bare", func(b *testing.B) {
		if answer.Path == "" { // usher was not asked for
			answer = u.record(b, work.Create)
		}
		c := dial(b, listen(b, bare.Handler(answer)))
		same := work.Create.Requests(u.token)(0)
		reportCPU(b, func() {
			for b.Loop() {
				if err := c.Ask(same, work.Create.Status); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("hashes", func(b *testing.B) {
		reportCPU(b, func() {
			for b.Loop() {
				bare.HashAll(work.NewUsers)
			}
		})
	})
}

// compare measures a kind of work on Usher and on the bare handler.
func compare(b *testing.B, kind work.Kind) {
	u := startUsher(b)
	b.Run("usher", func(b *testing.B) { ask(b, u.address, kind, u.requests(kind)) })
	b.Run("bare", func(b *testing.B) {
		address := listen(b, bare.Handler(u.record(b, kind)))
		same := kind.Requests(u.token)(0)
		ask(b, address, kind, func() []byte { return same })
	})
}

// ask sends requests on several connections at once.
func ask(b *testing.B, address string, kind work.Kind, next func() []byte) {
	b.ReportAllocs()
	b.SetParallelism(perCore)
	b.ResetTimer()
	reportCPU(b, func() { b.RunParallel(func(pb *testing.PB) { askInTurn(b, pb, address, kind, next) }) })
}

// askInTurn sends requests on a connection of its own.
func askInTurn(b *testing.B, pb *testing.PB, address string, kind work.Kind, next func() []byte) {
	c, err := work.Dial(b.Context(), address)
	if err != nil {
		b.Error(err)
		return
	}
	defer c.Close()
	for pb.Next() {
		if err := c.Ask(next(), kind.Status); err != nil {
			b.Error(err)
			return
		}
	}
}
