package main

import (
	"bufio"
	"fmt"
	"os"
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
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uintptr
		var may, offset, device, inode, path string
		// proc_pid_maps(5)
		n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s %s %s %s %s", &from, &to, &may, &offset, &device, &inode, &path)
		if n == 7 && path == program && (may == "r-xp" || may == "r--p") { // never what was written
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
		}
	}
}
