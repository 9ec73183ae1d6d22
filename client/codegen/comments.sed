# Adapts the comments of fields, which come from the contract, to Go: removes the name of the field at the start, and
# writes nil for null.
/^\t\/\/ /{
	s/^(\t\/\/ )[A-Za-z]+ ([A-Z`[])/\1\2/
	s/`null` clears (it|them)/[Clear] empties it/
	s/`null`/nil/g
}
