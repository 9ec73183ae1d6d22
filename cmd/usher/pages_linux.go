package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// letGoOfPages unmaps the pages of the program itself, most of which the start alone has
// needed. What is used comes back, from the memory in which the system keeps the file, at
// its first use. It is no fault where that cannot be done.
func letGoOfPages() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer maps.Close()
	var from, to uintptr // of the last mapping that may go
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		// proc_pid_maps(5) and proc_pid_smaps(5)
		var begin, end uintptr
		var may, offset, device, inode, path string
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s %s %s %s %s", &begin, &end, &may, &offset, &device, &inode, &path); n >= 5 {
			from, to = begin, begin
			if path == program && (may == "r-xp" || may == "r--p") {
				to = end
			}
			continue
		}
		// What was written meanwhile, by the loader say, is not in the file any more.
		if f := strings.Fields(lines.Text()); f[0] == "Anonymous:" && f[1] == "0" && to > from {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
		}
	}
}
