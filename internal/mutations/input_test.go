package mutations_test

// input is about the section "Malformed input".
var input = []mutation{
	{
		file: "internal/contract/body.go", in: "internal/httpapi", test: "TestMediaType",
		text: `	if err := checkMediaType(r); err != nil {
		return nil, err
	}
`,
		with: "",
	},
	{
		file: "internal/contract/body.go", in: "internal/httpapi", test: "TestBadInput",
		text: `	return body, checkSchema(op.body, body)
`,
		with: `	return body, nil
`,
	},
	{
		file: "internal/contract/body.go", in: "internal/httpapi", test: "TestJSONBomb",
		text: "if read >= maxTokens {",
		with: "if false {",
	},
	{
		file: "internal/contract/body.go", in: "internal/httpapi", test: "TestSyntax",
		text: `	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
`,
		with: `	if _, err := decoder.ReadToken(); false && !errors.Is(err, io.EOF) {
`,
	},
	{
		file: "internal/httpapi/request.go", test: "TestPagePanics",
		text: `			if p := recover(); p != nil {
`,
		with: `			if p := any(nil); p != nil {
`,
	},
}
