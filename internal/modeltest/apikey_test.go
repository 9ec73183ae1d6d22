package modeltest_test

// endKeys ends those of a user.
func (m *model) endKeys(user int64) {
	for _, c := range m.credentials {
		if c.user == user && c.kind != session {
			c.ended = true
		}
	}
}
