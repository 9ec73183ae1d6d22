package account

import "sync/atomic"

// Encoding holds the encoded form of a principal for as long as the principal is
// cached, so that a request that repeats needs no encoding.
type Encoding struct {
	text   atomic.Pointer[[]byte]
	onGrow func(bytes int)
}

// NewEncoding returns an empty encoding. It calls onGrow with the size in bytes when
// the encoded form is first stored.
func NewEncoding(onGrow func(bytes int)) *Encoding { return &Encoding{onGrow: onGrow} }

// Encoded returns the principal's encoded form. It calls encode once for as long as
// the principal is cached, and each time for a principal that is not.
//
// The form must depend on the principal alone, never on the request's origin. There
// is one form for each principal, and callers must not modify it. Encoded fails as
// encode does.
func (p *Principal) Encoded(encode func() ([]byte, error)) ([]byte, error) {
	if p.Encoding == nil {
		return encode()
	}
	if text := p.Encoding.text.Load(); text != nil {
		return *text, nil
	}
	text, err := encode()
	if err == nil && p.Encoding.text.CompareAndSwap(nil, &text) {
		p.Encoding.onGrow(len(text))
	}
	return text, err
}
