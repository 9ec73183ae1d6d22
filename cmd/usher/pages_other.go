//go:build !linux

package main

// letGoOfPages is for Linux alone.
func letGoOfPages() {}
