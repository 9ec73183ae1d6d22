package api_test

import (
	"os"
	"strings"
	"testing"
)

// seedPage and ourPage document the API of a Python client. swagger-codegen 3 has generated both: seedPage from the
// contract of the server that Usher replaces, and ourPage from Usher's contract.
const (
	seedPage = "testdata/UserApi.md"
	ourPage  = "../clients/python/docs/UserApi.md"
)

// asOurGenerator rewrites seedPage as Usher's version of the generator would write it. It removes the differences that
// come from the generator and not from the contract.
var asOurGenerator = strings.NewReplacer(
	// The title names the Python package. seedPage has the generator's default name there, although its examples import
	// the package `ad`, like those of ourPage.
	"# swagger_client.UserApi\n", "# ad.UserApi\n",
	// seedPage has an empty line between this heading and the example. ourPage has none.
	"### Example\n\n```python\n", "### Example\n```python\n",
)

// TestPythonPageIsTheSeeds checks that ourPage equals seedPage, line by line, except for the generator's differences.
// So programs written for the client of the replaced server work with Usher's client.
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

// TestSeedDifferencesAreNeeded checks that each replacement of asOurGenerator still finds its text in seedPage.
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
