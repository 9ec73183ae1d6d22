package httpapi

import (
	"reflect"
	"strings"
)

// Pending reports whether an operation of the contract is not built yet.
func Pending(id string) bool {
	_, ok := reflect.TypeFor[pending]().MethodByName(strings.ToUpper(id[:1]) + id[1:])
	return ok
}
