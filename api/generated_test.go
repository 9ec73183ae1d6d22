package api_test

import (
	"os/exec"
	"testing"
)

// TestGeneratedGoIsFresh fails if the generated Go code of the server or the client is not what the generator makes of
// the contract. scripts/python-client.sh --check does the same for the Python client. It isn't part of this test,
// because it needs Java.
func TestGeneratedGoIsFresh(t *testing.T) {
	// The script reads these files, but go test caches the result by the files that the test itself reads. So the test
	// reads them too.
	for _, file := range []string{
		"go.overlay.yaml", "../scripts/generate.sh", "../tools/go.mod",
		"../internal/wire/generate.go", "../internal/wire/oapi-codegen.yaml", "../internal/wire/wire.gen.go",
		"../client/types.go", "../client/oapi-codegen.yaml", "../client/types.gen.go", "../client/codegen/overlay.yaml",
		"../client/codegen/imports.tmpl", "../client/codegen/constants.tmpl", "../client/codegen/typedef.tmpl",
		"../client/codegen/comments.sed",
	} {
		read(t, file)
	}

	out, err := exec.CommandContext(t.Context(), "../scripts/generate.sh", "--check").CombinedOutput()
	if err != nil {
		t.Errorf("scripts/generate.sh --check: %v\n%s", err, out)
	}
}
