package account

import "bytes"

// Limits of a profile's fields.
const (
	MaxNameLength      = 256   // characters of the name, surname and department
	MaxBiographyLength = 4096  // characters
	MaxPictureBytes    = 65536 // bytes
)

// Profile is the part of a user that describes the person. It has no effect on the user's
// permissions.
type Profile struct {
	Name       string
	Surname    *string // nil: not set; the same applies to the fields below
	Department *string
	Biography  *string
	Picture    []byte
}

// ProfileUpdate changes a profile. A nil field stays unchanged. A pointer to nil clears an optional
// field of the profile.
type ProfileUpdate struct {
	Name       *string
	Surname    **string
	Department **string
	Biography  **string
	Picture    *[]byte
}

// profileText describes one optional text field of a profile.
type profileText struct {
	field     string // name of the field in the contract and in the activity log
	maxLength int    // characters
	value     func(p *Profile) **string
	update    func(up *ProfileUpdate) **string
}

// profileTexts returns the optional text fields. To add one, add a field to [Profile] and to
// [ProfileUpdate], and an element here.
func profileTexts() []profileText {
	return []profileText{
		{
			field: "surname", maxLength: MaxNameLength,
			value:  func(p *Profile) **string { return &p.Surname },
			update: func(up *ProfileUpdate) **string { return up.Surname },
		},
		{
			field: "department", maxLength: MaxNameLength,
			value:  func(p *Profile) **string { return &p.Department },
			update: func(up *ProfileUpdate) **string { return up.Department },
		},
		{
			field: "biography", maxLength: MaxBiographyLength,
			value:  func(p *Profile) **string { return &p.Biography },
			update: func(up *ProfileUpdate) **string { return up.Biography },
		},
	}
}

// Validate adds the profile's errors to c, except those of the name. path is the JSON pointer of
// the profile in the input.
func (p Profile) Validate(c *Checker, path string) {
	for _, text := range profileTexts() {
		c.OptionalText(path+"/"+text.field, *text.value(&p), text.maxLength)
	}
	c.checkPicture(path+"/picture", p.Picture)
}

// Size returns the size of the profile's texts and picture in bytes.
func (p Profile) Size() int {
	size := len(p.Name) + len(p.Picture)
	for _, text := range profileTexts() {
		size += len(Deref(*text.value(&p)))
	}
	return size
}

// Changes lists the texts that differ from those in before, for the activity log. It ignores the
// picture; see [Profile.SamePicture].
func (p Profile) Changes(before Profile) []FieldChange {
	var changes ChangeList
	changes.Add("name", before.Name, p.Name)
	for _, text := range profileTexts() {
		changes.Add(text.field, ValueOrNil(*text.value(&before)), ValueOrNil(*text.value(&p)))
	}
	return changes
}

// SamePicture reports whether both profiles have the same picture.
func (p Profile) SamePicture(other Profile) bool { return bytes.Equal(p.Picture, other.Picture) }

// IsEmpty reports whether the update changes nothing.
func (up ProfileUpdate) IsEmpty() bool {
	for _, text := range profileTexts() {
		if text.update(&up) != nil {
			return false
		}
	}
	return up.Name == nil && up.Picture == nil
}

// apply checks the update, adds its errors to c and applies the update to p.
func (up ProfileUpdate) apply(p *Profile, c *Checker) {
	if up.Name != nil {
		c.Name("/name", *up.Name)
		p.Name = *up.Name
	}
	for _, text := range profileTexts() {
		if update := text.update(&up); update != nil {
			c.OptionalText("/"+text.field, *update, text.maxLength)
			*text.value(p) = *update
		}
	}
	if up.Picture != nil {
		c.checkPicture("/picture", *up.Picture)
		p.Picture = *up.Picture
	}
}
