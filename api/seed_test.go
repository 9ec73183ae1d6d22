package api_test

import (
	"os"
	"strings"
	"testing"
)

// Both pages are made by swagger-codegen 3 for Python: seedPage in 2021 for the API that Usher speaks, ourPage from our
// contract by scripts/python-client.sh.
const (
	seedPage = "testdata/UserApi.md"
	ourPage  = "../clients/python/docs/UserApi.md"
)

// asOurGenerator rewrites the seed's page to what our version of the generator writes for the same contract. These are all
// the differences; none is of the contract.
var asOurGenerator = strings.NewReplacer(
	// The title names the package. The seed's has the generator's default, though its examples import `ad`, as ours do.
	"# swagger_client.UserApi\n", "# ad.UserApi\n",
	// The seed has an empty line between this heading and the example below it.
	"### Example\n\n```python\n", "### Example\n```python\n",
)

// TestPythonPageIsTheSeeds compares the generated page with the seed's, whole and line by line: names, paths, methods,
// parameters, answers, authorization, headers and examples.
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

// TestSeedDifferencesAreNeeded fails when a listed difference is there no more, so that the list stays true.
func TestSeedDifferencesAreNeeded(t *testing.T) {
	page := read(t, seedPage)
	if n := strings.Count(page, "# swagger_client.UserApi\n"); n != 1 {
		t.Errorf("the seed's title is there %d times, want once", n)
	}
	if n := strings.Count(page, "### Example\n\n```python\n"); n != 12 {
		t.Errorf("the seed has %d examples after an empty line, want 12", n)
	}
}

// read gives a text file.
func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
