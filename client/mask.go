package client

import "fmt"

// Mask stands for a stored secret in the server's answers. Sending it back leaves the
// secret as it is.
//
// The types that hold a secret show it too, wherever they are printed, logged or
// marshalled, for every verb of fmt. Their methods for this are generated.
const Mask = "********"

// mask replaces a secret by [Mask]. A nil pointer stays nil, and a [Change] that
// sets nothing stays as it is.
func mask[T string | *string | Change[string]](secret T) T {
	switch s := any(&secret).(type) {
	case *string:
		*s = Mask
	case **string:
		if *s != nil {
			*s = new(Mask)
		}
	case *Change[string]:
		if s.kind == setField {
			*s = Set(Mask)
		}
	}
	return secret
}

func format(f fmt.State, verb rune, masked any) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), masked)
}
