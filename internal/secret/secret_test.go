package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

func TestTextIsNeverPrinted(t *testing.T) {
	const hidden = "correct horse battery staple"
	holder := struct {
		Name     string
		Password secret.Text
		Pointer  *secret.Text
		hidden   secret.Text // fmt does not call Format on an unexported field
	}{hidden: secret.New(hidden), Name: "ada", Password: secret.New(hidden)}
	pointed := secret.New(hidden)
	holder.Pointer = &pointed

	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&shown, verb+"\n", holder)
		fmt.Fprintf(&shown, verb+"\n", holder.Password)
	}
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(encoded)
	for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		err := errors.New(holder.Password.String())
		slog.New(handler).Info("m", "password", holder.Password, "holder", holder, "error", err)
	}

	if text := shown.String(); strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
		t.Errorf("the output contains the secret:\n%s", text)
	}
	if holder.Password.Reveal() != hidden {
		t.Error("Reveal does not return the value")
	}
}

func TestEqual(t *testing.T) {
	same := secret.New("a").Equal(secret.New("a")) && secret.New("").Equal(secret.Text{})
	if !same || secret.New("a").Equal(secret.New("b")) {
		t.Error("Equal is wrong")
	}
}

func TestEmpty(t *testing.T) {
	if !(secret.Text{}).Empty() || secret.New("x").Empty() {
		t.Error("Empty is wrong")
	}
}
