# Puts the comments of fields, which are the contract's, into the words of Go: without the name of the field in front, and
# with nil for null.
/^\t\/\/ /{
	s/^(\t\/\/ )[A-Za-z]+ ([A-Z`[])/\1\2/
	s/`null` clears (it|them)/[Clear] empties it/
	s/`null`/nil/g
}
