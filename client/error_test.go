package client_test

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
)

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		want   client.Error
		text   string
	}{
		{
			name: "with details", status: 400,
			body: `{"statusCode":400,"error":"INVALID_PAYLOAD_FORMAT","message":"The request is not valid.",` +
				`"details":[{"path":"/0/password","message":"needs a digit"}]}`,
			want: client.Error{
				StatusCode: 400, Code: client.CodeInvalid, Message: "The request is not valid.",
				Details: []client.Detail{{Path: "/0/password", Message: "needs a digit"}},
			},
			text: "usher: 400 INVALID_PAYLOAD_FORMAT: The request is not valid.; /0/password: needs a digit",
		}, {
			name: "with headers", status: 429, header: map[string]string{"Retry-After": "60", "X-Request-Id": "4c9f"},
			body: `{"statusCode":429,"error":"TOO_MANY_REQUESTS","message":"Wait."}`,
			want: client.Error{
				StatusCode: 429, Code: client.CodeTooManyRequests, Message: "Wait.", RetryAfter: time.Minute, RequestID: "4c9f",
			},
			text: "usher: 429 TOO_MANY_REQUESTS: Wait.",
		}, {
			name: "an unknown code", status: 409,
			body: `{"statusCode":409,"error":"BUILT_IN_ROLE","message":"No.","more":1}`,
			want: client.Error{StatusCode: 409, Code: "BUILT_IN_ROLE", Message: "No."},
			text: "usher: 409 BUILT_IN_ROLE: No.",
		}, {
			name: "a page of a proxy", status: 502, body: "<html>hidden</html>",
			want: client.Error{StatusCode: 502, Message: "Bad Gateway (the answer is not from an Usher server)"},
			text: "usher: 502: Bad Gateway (the answer is not from an Usher server)",
		}, {
			name: "JSON of another API", status: 500, body: `{"error":"hidden"}`,
			want: client.Error{
				StatusCode: 500, Message: "Internal Server Error (the answer is not from an Usher server)",
			},
			text: "usher: 500: Internal Server Error (the answer is not from an Usher server)",
		}, {
			name: "a body that is too long", status: 500,
			body: `{"statusCode":500,"error":"INTERNAL_SERVER_ERROR","message":"` + strings.Repeat("x", 1<<20) + `"}`,
			want: client.Error{
				StatusCode: 500, Message: "Internal Server Error (the answer is not from an Usher server)",
			},
			text: "usher: 500: Internal Server Error (the answer is not from an Usher server)",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range test.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			err := newClient(t, url, client.WithRetries(0)).Users.Delete(t.Context(), 1)
			var got *client.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			if !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got  %#v\nwant %#v", *got, test.want)
			}
			if got.Error() != test.text {
				t.Errorf("got  %s\nwant %s", got, test.text)
			}
			if test.want.Code != "" && !errors.Is(err, test.want.Code) {
				t.Errorf("errors.Is does not find %s", test.want.Code)
			}
			if errors.Is(err, client.CodeNotFound) {
				t.Error("errors.Is finds another code")
			}
		})
	}
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	for name, body := range map[string]string{
		"empty":      "",
		"a page":     "<html>",
		"cut off":    `{"id":18,"name":"A`,
		"wrong type": `{"id":"18"}`,
		"too long":   `{"name":"` + strings.Repeat("x", 16<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
			if u, err := newClient(t, url).Users.Get(t.Context(), 18); err == nil {
				t.Errorf("got %v", u)
			} else if len(err.Error()) > 200 {
				t.Errorf("the error repeats the answer: %.300s", err)
			}
		})
	}
}
