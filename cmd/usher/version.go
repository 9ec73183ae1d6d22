package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCmd struct{}

// Run shows the version.
func (versionCmd) Run(a *app) error {
	return a.show(
		map[string]string{"version": version(), "go": runtime.Version()},
		table{rows: [][]string{{"usher", version()}, {"go", runtime.Version()}}},
	)
}

// version is that of the module, as the build recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// userAgent names the program in the logs of servers.
func userAgent() string { return fmt.Sprintf("usher/%s", version()) }
