package page

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// profileText is an optional text of a profile, as the pages show and read it.
type profileText struct {
	name   string // of the form field, in the paths of details and in the activity log
	label  locale.Phrase
	kind   string // [Field.Type]
	value  func(p *account.Profile) **string
	update func(up *account.ProfileUpdate, value *string)

	// In the form of the caller's own profile:
	autocomplete string
	hint         locale.Phrase
}

// profileTexts returns the optional texts in the order of the pages. A new one is a row here.
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

// OwnProfileFields returns the fields of the caller's own profile, which browsers may fill in.
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

// ProfileFields returns the fields of a user's profile for the pages about users. Browsers must
// not fill in the data of the caller there. prefix is the JSON pointer of the user in the input
// of the rules.
func ProfileFields(prefix string, p account.Profile) []*Field {
	fields := OwnProfileFields(p)
	for _, f := range fields {
		f.Autocomplete, f.Hint, f.Path = "off", "", prefix+"/"+f.Name
	}
	return fields
}

// NewProfile returns the profile of a new user from a form with the fields of a profile.
func (v Values) NewProfile() account.Profile {
	p := account.Profile{Name: v.Value("name")}
	for _, text := range profileTexts() {
		*text.value(&p) = v.OptionalValue(text.name)
	}
	return p
}

// ChangedProfile returns the changes of a form with the fields of a profile.
func (v Values) ChangedProfile() account.ProfileUpdate {
	up := account.ProfileUpdate{Name: v.ChangedText("name")}
	for _, text := range profileTexts() {
		if v.Changed(text.name) {
			text.update(&up, v.OptionalValue(text.name))
		}
	}
	return up
}

// Fact is a row of a read-only list.
type Fact struct {
	Label locale.Phrase
	Value string
}

// ProfileFacts returns the name and the texts that the profile has.
func ProfileFacts(p account.Profile) []Fact {
	facts := []Fact{{Label: "Name", Value: p.Name}}
	for _, text := range profileTexts() {
		if value := *text.value(&p); value != nil {
			facts = append(facts, Fact{Label: text.label, Value: *value})
		}
	}
	return facts
}

// ProfileLabel returns the label of an optional text of a profile by its name in the activity
// log. ok is false for any other name.
func ProfileLabel(name string) (label locale.Phrase, ok bool) {
	for _, text := range profileTexts() {
		if text.name == name {
			return text.label, true
		}
	}
	return "", false
}
