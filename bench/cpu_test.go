package bench_test

import (
	"syscall"
	"testing"
	"time"
)

// reportCPU runs a benchmark and reports, beside the time of an operation, the
// CPU time that this process took for it. Others on the machine change it less.
func reportCPU(b *testing.B, run func()) {
	start := cpuTime(b)
	run()
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
}

// cpuTime is what this process has taken so far, its own and the kernel's for it.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
