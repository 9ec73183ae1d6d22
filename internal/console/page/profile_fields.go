package page

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// profileText describes an optional text of a profile: its name and label, and how forms and lists
// read and show it.
type profileText struct {
	name   string // name of the form field, also in JSON pointers and in the activity log
	label  locale.Phrase
	kind   string // [Field.Type]
	value  func(p *account.Profile) **string
	update func(up *account.ProfileUpdate, value *string)

	// These fields apply only to the form of the caller's own profile:
	autocomplete string
	hint         locale.Phrase
}

// profileTexts returns the optional texts in the order in which pages show them. To add a text to
// the console, add it here.
func profileTexts() []profileText {
	return []profileText{
		{
			name: "surname", label: "Surname", autocomplete: "family-name",
			value:  func(p *account.Profile) **string { return &p.Surname },
			update: func(up *account.ProfileUpdate, value *string) { up.Surname = &value },
		},
		{
			name: "department", label: "Department", autocomplete: "organization",
			value:  func(p *account.Profile) **string { return &p.Department },
			update: func(up *account.ProfileUpdate, value *string) { up.Department = &value },
		},
		{
			name: "biography", label: "Biography", kind: "textarea", hint: "What others should know about you.",
			value:  func(p *account.Profile) **string { return &p.Biography },
			update: func(up *account.ProfileUpdate, value *string) { up.Biography = &value },
		},
	}
}

// OwnProfileFields returns the form fields of the caller's own profile. Browsers may fill them in
// automatically.
func OwnProfileFields(p account.Profile) []*Field {
	fields := []*Field{{Name: "name", Label: "Name", Value: p.Name, Autocomplete: "given-name", Required: true}}
	for _, text := range profileTexts() {
		fields = append(fields, &Field{
			Name: text.name, Label: text.label, Type: text.kind, Value: OrEmpty(*text.value(&p)),
			Autocomplete: text.autocomplete, Hint: text.hint,
		})
	}
	return fields
}

// ProfileFields returns the form fields of another user's profile. Browsers must not fill them in
// automatically, because they would enter the data of the caller. prefix is the JSON pointer of the
// user in the input of package service. The paths of error details begin with prefix.
func ProfileFields(prefix string, p account.Profile) []*Field {
	fields := OwnProfileFields(p)
	for _, f := range fields {
		f.Autocomplete, f.Hint, f.Path = "off", "", prefix+"/"+f.Name
	}
	return fields
}

// NewProfile reads the profile of a new user from a form with [ProfileFields].
func (v Values) NewProfile() account.Profile {
	p := account.Profile{Name: v.Value("name")}
	for _, text := range profileTexts() {
		*text.value(&p) = v.OptionalValue(text.name)
	}
	return p
}

// ChangedProfile reads the changes to a profile from a form with original values; see
// [OriginalPrefix].
func (v Values) ChangedProfile() account.ProfileUpdate {
	up := account.ProfileUpdate{Name: v.ChangedText("name")}
	for _, text := range profileTexts() {
		if v.Changed(text.name) {
			text.update(&up, v.OptionalValue(text.name))
		}
	}
	return up
}

// Fact is a label and a value in a read-only list.
type Fact struct {
	Label locale.Phrase
	Value string
}

// ProfileFacts returns the name of a user and the optional texts that are set.
func ProfileFacts(p account.Profile) []Fact {
	facts := []Fact{{Label: "Name", Value: p.Name}}
	for _, text := range profileTexts() {
		if value := *text.value(&p); value != nil {
			facts = append(facts, Fact{Label: text.label, Value: *value})
		}
	}
	return facts
}

// ProfileLabel returns the label of the optional text with this name in the activity log. ok is
// false if no optional text has the name.
func ProfileLabel(name string) (label locale.Phrase, ok bool) {
	for _, text := range profileTexts() {
		if text.name == name {
			return text.label, true
		}
	}
	return "", false
}
