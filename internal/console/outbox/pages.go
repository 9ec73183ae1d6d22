// Package outbox serves the pages about the messages that the server sends.
package outbox

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// Service has the operations of package service that the pages of this area call.
type Service interface {
	ListMail(ctx context.Context, caller *account.Principal) ([]account.Mail, error)
	Mail(ctx context.Context, caller *account.Principal, id int64) (account.Mail, error)
	MailRoute(ctx context.Context) (account.MailRoute, error)
}

// handler has the HTTP handlers of this area.
type handler struct {
	service Service
}

const outboxPath = "/mail"

var readMail = page.Permission{Action: access.ActionRead, Entity: access.EntityMail}

// Pages returns the routes of this area of the console.
func Pages(service Service) []page.Route {
	h := &handler{service: service}
	return []page.Route{
		{Pattern: "GET " + outboxPath, Handler: h.showOutbox, Needs: readMail},
		{Pattern: "GET " + outboxPath + "/{id}", Handler: h.showMessage, Needs: readMail},
	}
}
