package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// invalidBody is a request body that violates its schema at path.
type invalidBody struct {
	name string
	body string
	path string
}

// invalidBodies derives invalid bodies from the contract's example, each with one violation of the schema. Either a
// field is missing, null, of another type, too long or too short, or its name has another case. Or an object has an
// unknown field.
func invalidBodies(schema *openapi3.Schema, example any) []invalidBody {
	var all []invalidBody
	add := func(name, path string, body any) {
		all = append(all, invalidBody{name + " " + path, jsonOf(body), path})
	}
	for name, value := range wrongTypes(schema) {
		add(name, "", value)
	}
	object, prefix, wrap := example, "", func(o map[string]any) any { return o }
	if array, ok := example.([]any); ok {
		object, prefix = array[0], "/1"
		wrap = func(o map[string]any) any { return []any{object, o} }
		if schema.MinItems > 0 {
			add("no entries", "", []any{})
		}
		schema = schema.Items.Value
		for name, value := range wrongTypes(schema) {
			add(name, "/1", []any{object, value})
		}
	}
	fields := object.(map[string]any)
	with := func(name string, value any) any {
		changed := maps.Clone(fields)
		changed[name] = value
		return wrap(changed)
	}
	without := func(name string) map[string]any {
		changed := maps.Clone(fields)
		delete(changed, name)
		return changed
	}
	add("unknown", prefix+"/"+marker[:2], with(marker[:2], marker))
	add("unknown with a slash", prefix+"/~1~0x", with("/~x", marker))
	add("empty name", prefix+"/", with("", marker))
	add("prototype", prefix+"/__proto__", with("__proto__", map[string]any{"admin": true}))
	for _, name := range schema.Required {
		add("missing", prefix+"/"+name, wrap(without(name)))
	}
	for name, ref := range schema.Properties {
		field, path := ref.Value, prefix+"/"+name
		add("other case", prefix+"/"+strings.ToUpper(name), func() any {
			changed := without(name)
			changed[strings.ToUpper(name)] = fields[name]
			return wrap(changed)
		}())
		for kind, value := range wrongTypes(field) {
			add(kind, path, with(name, value))
		}
		for kind, value := range wrongValues(field) {
			add(kind, path, with(name, value))
		}
		if field.Items != nil {
			for kind, value := range wrongTypes(field.Items.Value) {
				add(kind, path+"/1", with(name, []any{1, value}))
			}
			for kind, value := range wrongValues(field.Items.Value) {
				add(kind, path+"/0", with(name, []any{value}))
			}
		}
	}
	return all
}

// rawNumber is the text of a JSON number.
type rawNumber string

// MarshalJSON returns the text unchanged.
func (n rawNumber) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// wrongTypes returns a value of each JSON type that the schema doesn't allow. The keys are names for the test's
// messages.
func wrongTypes(s *openapi3.Schema) map[string]any {
	if len(s.OneOf) > 0 { // an id: a number or a string of digits
		return map[string]any{"text": marker, "true": true, "null": nil, "number": 12345.5}
	}
	values := map[string]any{
		"text": marker, "true": true, "array": []any{marker}, "object": map[string]any{marker[:2]: marker},
		"number": 12345.5, "null": nil,
	}
	kinds := map[string]string{
		openapi3.TypeString: "text", openapi3.TypeBoolean: "true", openapi3.TypeArray: "array",
		openapi3.TypeObject: "object",
	}
	delete(values, kinds[(*s.Type)[0]])
	if s.Nullable {
		delete(values, "null")
	}
	return values
}

// wrongValues returns values of the right type that the schema or package account refuses.
func wrongValues(s *openapi3.Schema) map[string]any {
	values := map[string]any{}
	if s.MinLength > 0 {
		values["too short"] = strings.Repeat("é", int(s.MinLength)-1)
	}
	if s.MaxLength != nil {
		values["too long"] = strings.Repeat("é", int(*s.MaxLength)+1)
	}
	if s.MaxItems != nil {
		values["too many"] = slices.Repeat([]any{1}, int(*s.MaxItems)+1)
	}
	if s.MinItems > 0 {
		values["too few"] = []any{}
	}
	if s.Enum != nil {
		values["not in the enumeration"] = true
	}
	if s.Type.Is(openapi3.TypeInteger) {
		for _, n := range []string{
			"-1", "1e400", "-1e400", "1e2", "1.0", "1.5", "9223372036854775808", "-9223372036854775809", "1e-400",
			strings.Repeat("9", 400),
		} {
			values[n[:min(len(n), 25)]] = rawNumber(n)
		}
	}
	return values
}

// TestBadInput sends every body of invalidBodies to its operation.
func TestBadInput(t *testing.T) {
	f := newFixture(t)
	forEachBody(t, func(t *testing.T, op operation) {
		invalid := invalidBodies(op.body(), op.example())
		if len(invalid) < 10 {
			t.Fatalf("only %d invalid bodies", len(invalid))
		}
		for _, test := range invalid {
			if len(test.body) > op.bodyLimit() { // a field whose longest value takes the whole body
				continue
			}
			t.Run(test.name, func(t *testing.T) {
				e := f.wantRefused(t, op, call{body: test.body}, http.StatusBadRequest, account.CodeInvalid)
				if !e.names(test.path) {
					t.Errorf("the details %v do not name %q; the body is %.300s", e.Details, test.path, test.body)
				}
			})
		}
	})
}

// TestRules sends bodies that obey the schema, but that the server refuses for another reason, such as a weak password.
// The errors must have the same form as for a violation of the schema.
func TestRules(t *testing.T) {
	f := newFixture(t)
	user := func(field, value string) string {
		fields := map[string]any{"name": "n", "email": "n@example.org", "password": password, field: value}
		return jsonOf([]any{fields})
	}
	tests := []struct{ op, body, path string }{
		{"POST /api/users", user("email", marker), "/0/email"},
		{"POST /api/users", user("email", marker+"@"), "/0/email"},
		{"POST /api/users", user("email", "a\r\nBcc: x@example.org"), "/0/email"},
		{"POST /api/users", user("name", "   "), "/0/name"},
		{"POST /api/users", user("password", marker+"-onlyletters"), "/0/password"},
		// The password has more than 1024 bytes, but fewer than 1024 characters.
		{"POST /api/users", user("password", strings.Repeat("é", 600)+"A1a!"), "/0/password"},
		{"POST /api/users", `[` + user("name", "a")[1:len(user("name", "a"))-1] + `,` + user("name", "b")[1:], "/1/email"},
		{"PATCH /api/users/{id}", `{"email":"` + marker + `"}`, "/email"},
		{"PATCH /api/users/{id}", `{"name":" "}`, "/name"},
		{"PATCH /api/users/{id}", `{"password":"` + marker + `-onlyletters"}`, "/password"},
		{"PATCH /api/users/password", `{"oldPassword":"` + password + `","newPassword":"` + marker + `-onlyletters"}`,
			"/newPassword"},
		{"PATCH /api/users/password", `{"oldPassword":"` + password + `","newPassword":"` + password + `"}`, "/newPassword"},
		{"PATCH /api/users/password", `{"oldPassword":"` + strings.Repeat("é", 600) + `","newPassword":"` + newPassword +
			`"}`, "/oldPassword"},
		{"POST /api/login", `{"email":"a@b.c","password":"` + strings.Repeat("é", 600) + `"}`, "/password"},
		{"POST /api/users/forgotten-password", `{"email":"` + marker + `"}`, "/email"},
		{"POST /api/users/retrieve-password", `{"token":"x","newPassword":"` + marker + `-onlyletters"}`, "/newPassword"},
		{"PUT /api/users/{id}/roles", `{"roles":[1,99]}`, "/roles/1"},
	}
	other := f.user("other@example.org")
	ops := map[string]operation{}
	for _, op := range operations(t) {
		ops[op.name] = op
	}
	for _, test := range tests {
		op, before := ops[test.op], f.state()
		a := f.do(call{method: op.method, path: op.at(other), token: f.admin, body: test.body})
		a.want(t, http.StatusBadRequest, account.CodeInvalid)
		op.checkAnswer(t, a)
		if !a.errorBody(t).names(test.path) || strings.Contains(a.body, marker) {
			t.Errorf("%s %.100s: want %s and no value: %s", test.op, test.body, test.path, a.body)
		}
		if f.state() != before {
			t.Errorf("the refused %s %.100s changed the database", test.op, test.body)
		}
	}
}

// TestManyViolations checks that a body with up to 200,000 violations is refused fast and with a short answer.
func TestManyViolations(t *testing.T) {
	f := newFixture(t)
	names := func(n, width int) string {
		members := make([]string, n)
		for i := range members {
			members[i] = fmt.Sprintf(`"%0*d":1`, width, i)
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	tests := []struct{ name, op, body string }{
		{"many unknown fields", "POST /api/login", names(1500, 5)},
		{"more unknown fields", "PATCH /api/users/{id}", names(50_000, 5)},
		{"many long names", "PATCH /api/users/{id}", names(1600, 300)},
		{"a list of numbers", "PATCH /api/users/{id}", "[" + strings.Repeat("1,", 200_000) + "1]"},
		{"many objects", "POST /api/users", "[" + strings.Repeat("{},", 900) + names(50_000, 5) + "]"},
		{"wrong pictures in a list", "POST /api/users",
			"[" + strings.Repeat(`{"picture":["`+strings.Repeat(`","`, 10_000)+`"]},`, 20) + "{}]"},
		{"wrong pictures", "PATCH /api/users/{id}", `{"picture":[` + strings.Repeat("-1,", 65_535) + "-1]}"},
		{"many wrong roles", "PUT /api/users/{id}/roles", `{"roles":[` + strings.Repeat("0,", 999) + "0]}"},
	}
	for _, test := range tests {
		method, path, _ := strings.Cut(test.op, " ")
		start := time.Now()
		a := f.do(call{method: method, path: strings.Replace(path, "{id}", "1", 1), token: f.admin, body: test.body})
		a.want(t, http.StatusBadRequest, account.CodeInvalid)
		if took := time.Since(start); took > 20*time.Second { // usually less than a second
			t.Errorf("%s took %v", test.name, took)
		}
		if details := len(a.errorBody(t).Details); len(a.body) > 64<<10 || details > 100 {
			t.Errorf("%s: the answer has %d bytes and %d details", test.name, len(a.body), details)
		}
	}
}

// TestJSONBomb checks that bodies of empty objects are refused before they are decoded. Decoding takes thirty times the
// memory of the body.
func TestJSONBomb(t *testing.T) {
	f := newFixture(t)
	tests := []struct {
		method, path string
		objects      int
	}{
		{"POST", "/api/login", 5000}, {"POST", "/api/users/forgotten-password", 5000},
		{"POST", "/api/users/retrieve-password", 5000}, {"PATCH", "/api/users/1", 170_000},
	}
	for _, test := range tests {
		bomb := `{"email":[` + strings.Repeat("{},", test.objects) + `{}]}`
		a := f.do(call{method: test.method, path: test.path, body: bomb, token: f.admin})
		a.want(t, http.StatusBadRequest, account.CodeInvalid)
		if details := a.errorBody(t).Details; len(details) != 1 || !strings.Contains(details[0].Message, "far more values") {
			t.Errorf("%s: the details are %+v", test.path, details)
		}
	}
}
