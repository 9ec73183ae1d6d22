package account

import "bytes"

// Limits of a profile's fields.
const (
	MaxNameLength      = 256   // characters of the name, surname and department
	MaxBiographyLength = 4096  // characters
	MaxPictureBytes    = 65536 // bytes
)

// Profile is the part of a user that describes a person. It has no effect on their access.
type Profile struct {
	Name       string
	Surname    *string // nil: none; likewise below
	Department *string
	Biography  *string
	Picture    []byte
}

// ProfileUpdate changes a profile. A nil field stays unchanged. A pointer to nil clears a field
// that can be empty.
type ProfileUpdate struct {
	Name       *string
	Surname    **string
	Department **string
	Biography  **string
	Picture    *[]byte
}

// profileText is an optional text of a profile.
type profileText struct {
	field     string // in the contract and in the activity log
	maxLength int    // characters
	value     func(p *Profile) **string
	update    func(up *ProfileUpdate) **string
}

// profileTexts returns the optional texts. A new one is a field of [Profile] and
// [ProfileUpdate] and a row here.
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

// Validate adds what is wrong with the profile, except for its name, to c. path is where the
// profile's fields are in the input.
func (p Profile) Validate(c *Checker, path string) {
	for _, text := range profileTexts() {
		c.OptionalText(path+"/"+text.field, *text.value(&p), text.maxLength)
	}
	c.checkPicture(path+"/picture", p.Picture)
}

// Size returns the bytes of the profile's texts and picture.
func (p Profile) Size() int {
	size := len(p.Name) + len(p.Picture)
	for _, text := range profileTexts() {
		size += len(Deref(*text.value(&p)))
	}
	return size
}

// Changes lists the texts that differ from those before, for the activity log. The picture is not
// among them: see [Profile.SamePicture].
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

// apply validates the update and applies it to p.
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
