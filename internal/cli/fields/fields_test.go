package fields_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/fields"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// values has a variable of each type that the Fields under test set.
type values struct {
	text   *string
	number *int
	truth  *bool
	ids    []int64
	file   client.Change[string]
	port   client.Change[int]
	secret client.Change[string]
}

func (v *values) fields() []fields.Field {
	return []fields.Field{
		fields.Text("text", &v.text),
		fields.Number("number", &v.number),
		fields.Bool("truth", &v.truth),
		fields.IDs("ids", &v.ids),
		fields.TextOrFile("file", &v.file),
		fields.ClearableNumber("port", &v.port),
		fields.Secret("secret", "--secret", &v.secret),
	}
}

func TestAssign(t *testing.T) {
	file := filepath.Join(t.TempDir(), "long.txt")
	if err := os.WriteFile(file, []byte("long text"), 0o600); err != nil {
		t.Fatal(err)
	}
	var v values
	err := fields.Assign([]string{
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
		err := fields.Assign([]string{pair}, v.fields()...)
		if err == nil || !command.IsUsageError(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want a usage error with %s", pair, err, want)
		}
	}
	var v values
	if err := fields.Assign([]string{"text=a", "text=b"}, v.fields()...); err == nil {
		t.Error("a setting may be given twice")
	}
}

func TestCount(t *testing.T) {
	var v values
	if n := fields.Count(v.fields()[:2], []string{"text=a", "truth=yes", "number=1"}); n != 2 {
		t.Errorf("%d pairs, want 2", n)
	}
}

// update is a struct with a field of every type that Of supports.
type update struct {
	Address client.Change[string]                `json:"address,omitzero"`
	Enabled *bool                                `json:"enabled,omitempty"`
	Groups  client.Change[[]client.AllowedGroup] `json:"groups,omitzero"`
	Hidden  string                               `json:"-"`
	Port    client.Change[int]                   `json:"port,omitzero"`
	RoleIDs []int64                              `json:"roleIds,omitzero"`
	Secret  client.Change[string]                `json:"secret,omitzero"`
	Seconds *int                                 `json:"seconds,omitempty"`
	Sender  *string                              `json:"sender,omitempty"`
}

func TestOf(t *testing.T) {
	var got update
	list := fields.Of(&got, []string{"sender", "other", "port"}, fields.Secret("secret", "--secret", &got.Secret))
	err := fields.Assign([]string{
		"address=a", "enabled=no", `groups=[{"name":"staff"}]`, "port=25", "roleIds=2,5", "secret=", "seconds=7",
		"sender=s",
	}, list...)
	if err != nil {
		t.Fatal(err)
	}
	want := update{
		Address: client.Set("a"),
		Enabled: new(false),
		Groups:  client.Set([]client.AllowedGroup{{Name: "staff"}}),
		Port:    client.Set(25),
		RoleIDs: []int64{2, 5},
		Secret:  client.Clear[string](),
		Seconds: new(7),
		Sender:  new("s"),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("set to %+v, want %+v", got, want)
	}
	if err := fields.Assign([]string{"secret=hidden"}, list...); err == nil {
		t.Error("a pair sets the secret, despite the special field")
	}
	err = fields.Assign([]string{"Hidden=a"}, list...)
	hint, _ := command.Hint(err)
	const wantHint = "the settings are sender, port, address, enabled, groups, roleIds, secret, seconds"
	if hint != wantHint {
		t.Errorf("error %v with the hint %s, want %s", err, hint, wantHint)
	}
}

// network is embedded in a struct, as some groups of settings are in package client.
type network struct {
	Address *string `json:"address"`
	Port    *int    `json:"port"`
}

type settings struct {
	network
	Sender  string  `json:"sender"`
	Enabled bool    `json:"enabled"`
	RoleIDs []int64 `json:"roleIds"`
	Seconds int     `json:"seconds"`
	Groups  []int   `json:"groups"`
	Unused  string  `json:"unused"`
	Hidden  string  `json:"-"`
}

func TestTable(t *testing.T) {
	v := settings{
		network: network{Port: new(25)},
		Sender:  "usher@example.com",
		Enabled: true,
		RoleIDs: []int64{2, 5},
		Seconds: 7,
		Hidden:  "x",
	}
	got := fields.Table(v, []string{"enabled", "other", "port"}, map[string][]string{
		"seconds": {"7 s"},
		"groups":  {"staff", "guests"},
		"unused":  nil,
	})
	want := command.Table{Rows: [][]string{
		{"enabled", "yes"},
		{"port", "25"},
		{"address", "-"},
		{"sender", "usher@example.com"},
		{"roleIds", "2,5"},
		{"seconds", "7 s"},
		{"groups", "staff"},
		{"groups", "guests"},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the table is %q, want %q", got, want)
	}
	v.Address, v.Port = new(""), nil
	if rows := fields.Table(v, nil, nil).Rows; rows[0][1] != "-" || rows[1][1] != "-" {
		t.Errorf("without values, the rows are %q", rows[:2])
	}
	names := []string{"address", "port", "sender", "enabled", "roleIds", "seconds", "groups", "unused"}
	if got := fields.Names(v); !reflect.DeepEqual(got, names) {
		t.Errorf("the names are %q, want %q", got, names)
	}
}
