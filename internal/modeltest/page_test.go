package modeltest_test

import (
	"net/url"

	"pgregory.net/rapid"
)

// mostPages are how many pages of a list are read.
const mostPages = 3

// pages reads the first pages of a list by their cursors. rule says what is on each,
// and whether another one follows.
func (m *machine) pages(t *rapid.T, by *credential, source, list string, query url.Values, rule func(p *principal, got answer, page int) (*expected, bool)) {
	t.Helper()
	for page, more := 0, true; more && page < mostPages; page++ {
		var cursor string
		m.callAs(t, by, source, "GET", "/api/"+list+"?"+query.Encode(), nil, func(p *principal, got answer) (want *expected) {
			cursor, more = got.header.Get("X-Next-Cursor"), false
			want, more = rule(p, got, page)
			if more != (cursor != "") {
				t.Fatalf("page %d of %s has the cursor %q of another one, and there is another one: %v", page+1, list, cursor, more)
			}
			return want
		})
		query.Set("cursor", cursor)
	}
}

// cut returns a page of a list, and whether more follow.
func cut[T any](list []T, page, limit int) (shown []T, more bool) {
	from, to := min(page*limit, len(list)), min((page+1)*limit, len(list))
	return list[from:to], to < len(list)
}
