package modeltest_test

import (
	"net/url"

	"pgregory.net/rapid"
)

// maxPages is the maximum number of pages that one call of readPages reads.
const maxPages = 3

// readPages reads the first pages of a list, each with the cursor from the previous one. rule returns the expected
// answer for a page, and whether another page follows.
func (m *machine) readPages(
	t *rapid.T, caller *credential, network, list string, query url.Values,
	rule func(p *principal, got answer, page int) (*expected, bool),
) {
	t.Helper()
	for page, more := 0, true; more && page < maxPages; page++ {
		var cursor string
		path := "/api/" + list + "?" + query.Encode()
		m.callAs(t, caller, network, "GET", path, nil, func(p *principal, got answer) (want *expected) {
			cursor, more = got.header.Get("X-Next-Cursor"), false
			want, more = rule(p, got, page)
			if more != (cursor != "") {
				t.Fatalf("page %d of %s has the next cursor %q; want one: %v", page+1, list, cursor, more)
			}
			return want
		})
		query.Set("cursor", cursor)
	}
}

// pageOf returns the given page of a list, and whether another page follows. limit is the number of elements per
// page.
func pageOf[T any](list []T, page, limit int) (shown []T, more bool) {
	from, to := min(page*limit, len(list)), min((page+1)*limit, len(list))
	return list[from:to], to < len(list)
}
