package api_test

import (
	"os"
	"strings"
	"testing"
)

// Both pages come from swagger-codegen 3 for Python: seedPage from the seed's contract in 2021, ourPage from Usher's
// contract by scripts/python-client.sh.
const (
	seedPage = "testdata/UserApi.md"
	ourPage  = "../clients/python/docs/UserApi.md"
)

// asOurGenerator rewrites the seed's page as Usher's version of the generator would write it. It replaces all
// differences that come from the generator and not from the contract.
var asOurGenerator = strings.NewReplacer(
	// The title names the package. The seed's has the generator's default, though its examples import `ad`, as ours do.
	"# swagger_client.UserApi\n", "# ad.UserApi\n",
	// The seed's page has an empty line between this heading and the example.
	"### Example\n\n```python\n", "### Example\n```python\n",
)

// TestPythonPageIsTheSeeds compares all lines of the generated page with the seed's: names, paths, methods, parameters,
// answers, authorization, headers and examples.
func TestPythonPageIsTheSeeds(t *testing.T) {
	want := strings.Split(asOurGenerator.Replace(read(t, seedPage)), "\n")
	got := strings.Split(read(t, ourPage), "\n")
	for i := range min(len(want), len(got)) {
		if got[i] != want[i] {
			t.Fatalf("%s:%d differs from the seed\n got: %s\nwant: %s", ourPage, i+1, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s has %d lines, the seed %d", ourPage, len(got), len(want))
	}
}

// TestSeedDifferencesAreNeeded fails if asOurGenerator has a replacement that the seed's page doesn't need.
func TestSeedDifferencesAreNeeded(t *testing.T) {
	page := read(t, seedPage)
	if n := strings.Count(page, "# swagger_client.UserApi\n"); n != 1 {
		t.Errorf("the seed's page has its title %d times, want once", n)
	}
	if n := strings.Count(page, "### Example\n\n```python\n"); n != 12 {
		t.Errorf("the seed's page has %d examples after an empty line, want 12", n)
	}
}

// read returns the text of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
