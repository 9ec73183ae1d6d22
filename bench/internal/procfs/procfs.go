// Package procfs reads the CPU time and memory of processes from Linux's /proc.
package procfs

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// userHZ is the number of clock ticks in a second. It is 100 on every Linux that Go runs on.
const userHZ = 100

// SelfCPUSeconds returns the CPU time that this process has taken so far, user and system.
func SelfCPUSeconds() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// CPUSeconds returns the CPU time that processes have taken so far, user and system (proc_pid_stat(5), fields 14 and
// 15). Processes that have exited count as 0.
func CPUSeconds(pids ...int) (sum float64) {
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		// The second field is the program's name in parentheses. The name may contain spaces and parentheses, so parse
		// only the fields after the last closing parenthesis.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		sum += (user + system) / userHZ
	}
	return sum
}

// ResidentBytes returns the resident memory of a process, and 0 if it has exited.
func ResidentBytes(pid int) float64 { return statusBytes(pid, "VmRSS") }

// AnonymousBytes returns the resident memory of a process without the pages of its program and other files, and 0 if
// it has exited. Only anonymous memory can leak.
func AnonymousBytes(pid int) float64 { return statusBytes(pid, "RssAnon") }

// PeakResidentBytes returns the highest resident memory of a process since the process started or since the last
// ResetPeak. It returns 0 if the process has exited.
func PeakResidentBytes(pid int) float64 { return statusBytes(pid, "VmHWM") }

// ResetPeak resets the peak that PeakResidentBytes reports (proc_pid_clear_refs(5)).
func ResetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

// OpenFiles returns the number of file descriptors that a process has open.
func OpenFiles(pid int) (int, error) {
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(files), err
}

// statusBytes returns a field of /proc/PID/status in bytes. The file has the value in KiB.
func statusBytes(pid int, field string) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == field+":" {
			kib, _ := strconv.ParseFloat(fields[1], 64)
			return kib * 1024
		}
	}
	return 0
}

// Machine describes the machine: cores, CPU model, operating system, architecture and Go version.
func Machine() string {
	return fmt.Sprintf("%d cores, %s, %s/%s, %s",
		runtime.NumCPU(), cpuModel(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			if strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "unknown CPU model"
}
