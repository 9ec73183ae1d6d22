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

// buildVersion is set by `make build`.
var buildVersion string

// version is that of the build, or of the module as the build recorded it.
func version() string {
	if buildVersion != "" {
		return buildVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// userAgent names the program in the logs of servers.
func userAgent() string { return fmt.Sprintf("usher/%s", version()) }
