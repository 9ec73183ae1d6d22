package servicetest

import (
	"errors"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// plainText renders messages in a form that tests can read, but for those to
// somebody of this name.
type plainTextRenderer struct{}

const UnrenderableName = "Unwritable"

func (plainTextRenderer) Render(kind account.MailKind, m account.MailContent) (account.Message, error) {
	if m.Name == UnrenderableName {
		return account.Message{}, errors.New("this name cannot be written")
	}
	return account.Message{
		Subject: string(kind) + " for " + m.Name,
		Text:    "token " + m.Token + "\nlink " + m.Link + "\nsource " + m.ClientNetwork,
		HTML:    "<p>readable in clear</p>",
	}, nil
}

// tokenIn reads the token out of a message.
func TokenIn(d *account.Delivery) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(d.Message.Text, "token "), "\n")
	return text
}
