package assign_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/assign"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// values are the targets of the fields under test.
type values struct {
	text   *string
	number *int
	truth  *bool
	ids    []int64
	file   client.Change[string]
	port   client.Change[int]
	secret client.Change[string]
}

func (v *values) fields() []assign.Field {
	return []assign.Field{
		assign.Text("text", &v.text),
		assign.Number("number", &v.number),
		assign.Bool("truth", &v.truth),
		assign.IDs("ids", &v.ids),
		assign.TextOrFile("file", &v.file),
		assign.ClearableNumber("port", &v.port),
		assign.Secret("secret", "--secret", &v.secret),
	}
}

func TestPairs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "long.txt")
	if err := os.WriteFile(file, []byte("long text"), 0o600); err != nil {
		t.Fatal(err)
	}
	var v values
	err := assign.Pairs([]string{
		"text=a=b", "number=7", "truth=yes", "ids=2, 5", "file=@" + file, "port=", "secret=",
	}, v.fields()...)
	if err != nil {
		t.Fatal(err)
	}
	if *v.text != "a=b" || *v.number != 7 || !*v.truth || len(v.ids) != 2 || v.ids[1] != 5 {
		t.Errorf("set to %q, %d, %v, %v", *v.text, *v.number, *v.truth, v.ids)
	}
	if !reflect.DeepEqual(v.file, client.Set("long text")) || !reflect.DeepEqual(v.port, client.Clear[int]()) ||
		!reflect.DeepEqual(v.secret, client.Clear[string]()) {
		t.Errorf("set to %+v, %+v, %+v", v.file, v.port, v.secret)
	}
}

func TestWrongPairs(t *testing.T) {
	for pair, want := range map[string]string{
		"text":          `"text" is not NAME=VALUE`,
		"txt=a":         `there is no setting "txt"`,
		"number=x":      "number must be a number",
		"number=":       "number must be a number",
		"truth=maybe":   "truth must be true or false",
		"ids=2,x":       "ids must be ids",
		"secret=hidden": "secret is a secret, which others could read on a command line: use --secret",
	} {
		var v values
		err := assign.Pairs([]string{pair}, v.fields()...)
		if err == nil || !command.IsUsageError(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want a usage error with %s", pair, err, want)
		}
	}
	var v values
	if err := assign.Pairs([]string{"text=a", "text=b"}, v.fields()...); err == nil {
		t.Error("a setting may be given twice")
	}
}

func TestCountOf(t *testing.T) {
	var v values
	if n := assign.CountOf(v.fields()[:2], []string{"text=a", "truth=yes", "number=1"}); n != 2 {
		t.Errorf("%d pairs, want 2", n)
	}
}
