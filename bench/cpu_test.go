package bench_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
)

// reportCPU runs a benchmark and also reports the CPU time of this process for each operation. The process is both
// client and server. Other work on the machine disturbs the CPU time less than the elapsed time.
func reportCPU(b *testing.B, run func()) {
	start := procfs.SelfCPUSeconds()
	run()
	b.ReportMetric((procfs.SelfCPUSeconds()-start)*1e9/float64(b.N), "cpu-ns/op")
}
