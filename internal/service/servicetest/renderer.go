package servicetest

import (
	"errors"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// UnrenderableName is a user's name for which the renderer fails.
const UnrenderableName = "Unrenderable"

// plainTextRenderer renders messages as plain text that TokenIn can parse.
type plainTextRenderer struct{}

func (plainTextRenderer) Render(kind account.MailKind, m account.MailContent) (account.Message, error) {
	if m.Name == UnrenderableName {
		return account.Message{}, errors.New("messages to this name cannot be rendered")
	}
	return account.Message{
		Subject: string(kind) + " for " + m.Name,
		Text:    "token " + m.Token + "\nlink " + m.Link + "\nsource " + m.ClientNetwork,
		HTML:    "<p>readable in plain text</p>",
	}, nil
}

// TokenIn returns the token in a message of plainTextRenderer.
func TokenIn(d *account.Delivery) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(d.Message.Text, "token "), "\n")
	return text
}
