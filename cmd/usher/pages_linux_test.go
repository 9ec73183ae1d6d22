package main

import (
	"bytes"
	"fmt"
	"os"
	"testing"
)

// TestLetGoOfPages: most of the program is not needed at the moment, and what is comes back.
func TestLetGoOfPages(t *testing.T) {
	before := filePages(t)
	letGoOfPages()
	if after := filePages(t); after > before/2 {
		t.Errorf("%d kB of files in memory before, %d after", before, after)
	}
}

// filePages is how much of files the process has mapped and in memory, in kB
// (proc_pid_status(5)).
func filePages(t *testing.T) (kB int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("RssFile:"))
	if _, err := fmt.Sscan(string(rest), &kB); err != nil {
		t.Fatal(err)
	}
	return kB
}
