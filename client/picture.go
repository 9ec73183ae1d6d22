package client

import (
	"encoding/json"
	"fmt"
)

// Picture is the bytes of a picture, at most 65,536; nil for none. In JSON it is an
// array of numbers.
type Picture []byte

// MarshalJSON writes the bytes as numbers, or null.
func (p Picture) MarshalJSON() ([]byte, error) {
	if p == nil {
		return []byte("null"), nil
	}
	numbers := make([]int, len(p))
	for i, b := range p {
		numbers[i] = int(b)
	}
	return json.Marshal(numbers)
}

// UnmarshalJSON reads an array of numbers from 0 to 255, or null.
func (p *Picture) UnmarshalJSON(raw []byte) error {
	var numbers []int
	if err := json.Unmarshal(raw, &numbers); err != nil {
		return err
	}
	if numbers == nil {
		*p = nil
		return nil
	}
	picture := make(Picture, len(numbers))
	for i, n := range numbers {
		if n < 0 || n > 255 {
			return fmt.Errorf("%d is not a byte", n)
		}
		picture[i] = byte(n)
	}
	*p = picture
	return nil
}
