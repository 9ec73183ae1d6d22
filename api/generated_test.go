package api_test

import (
	"os/exec"
	"testing"
)

// TestGeneratedGoIsFresh fails when the server's or the client's generated code has drifted from the contract.
// scripts/python-client.sh --check does the same for Python; it needs Java and so is not run from here.
func TestGeneratedGoIsFresh(t *testing.T) {
	// The script's own reads do not count for the test cache; these do.
	for _, file := range []string{
		"go.overlay.yaml", "../scripts/generate.sh", "../tools/go.mod",
		"../internal/httpapi/generate.go", "../internal/httpapi/oapi-codegen.yaml", "../internal/httpapi/wire/wire.gen.go",
		"../client/types.go", "../client/oapi-codegen.yaml", "../client/types.gen.go", "../client/codegen/overlay.yaml",
		"../client/codegen/imports.tmpl", "../client/codegen/constants.tmpl", "../client/codegen/typedef.tmpl", "../client/codegen/comments.sed",
	} {
		read(t, file)
	}

	out, err := exec.CommandContext(t.Context(), "../scripts/generate.sh", "--check").CombinedOutput()
	if err != nil {
		t.Errorf("scripts/generate.sh --check: %v\n%s", err, out)
	}
}
