package client

import "fmt"

// Mask stands for a stored secret in the server's answers. A client that sends Mask
// back as the value leaves the secret unchanged.
//
// Types with a secret field also show Mask in place of the secret when a value is
// printed by package fmt, logged or marshalled. The methods for this are generated.
const Mask = "********"

// mask returns secret with the text replaced by [Mask]. A nil pointer stays nil, and a
// [Change] that sets no value stays unchanged.
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
