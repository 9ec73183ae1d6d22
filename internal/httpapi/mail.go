package httpapi

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// mailService reads the outbox of mail and sends test messages.
type mailService interface {
	ListMail(ctx context.Context, caller *account.Principal) ([]account.Mail, error)
	Mail(ctx context.Context, caller *account.Principal, id int64) (account.Mail, error)
	SendTestMessage(ctx context.Context, caller *account.Principal) (outbox.TestDelivery, error)
}

type mailHandlers struct{ service mailService }

func (h mailHandlers) ApiMailGet(
	ctx context.Context, _ wire.ApiMailGetRequestObject,
) (wire.ApiMailGetResponseObject, error) {
	mails, err := h.service.ListMail(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	answer := make(wire.ApiMailGet200JSONResponse, len(mails))
	for i, m := range mails {
		answer[i] = wireMail(m)
	}
	return answer, nil
}

func (h mailHandlers) ApiMailIdGet(
	ctx context.Context, r wire.ApiMailIdGetRequestObject,
) (wire.ApiMailIdGetResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	m, err := h.service.Mail(ctx, requestOf(ctx).caller, id)
	if err != nil {
		return nil, err
	}
	return wire.ApiMailIdGet200JSONResponse(wireMail(m)), nil
}

func (h mailHandlers) ApiApplicationSettingsTestMessagePost(
	ctx context.Context, _ wire.ApiApplicationSettingsTestMessagePostRequestObject,
) (wire.ApiApplicationSettingsTestMessagePostResponseObject, error) {
	d, err := h.service.SendTestMessage(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiApplicationSettingsTestMessagePost200JSONResponse{
		Delivered: d.Cause == "", Recipient: d.Recipient, Cause: textOrNull(d.Cause),
	}, nil
}

func wireMail(m account.Mail) wire.MailMessage {
	w := wire.MailMessage{
		ID: m.ID, Kind: wire.MailMessageKind(m.Kind), State: wire.MailMessageState(m.State), Attempts: m.Attempts,
		Recipient: textOrNull(m.Recipient), CreatedAt: m.Created, LastError: textOrNull(m.LastError),
	}
	switch m.State {
	case account.MailRequested, account.MailReady:
		w.NextAttemptAt = &m.NextAttempt
	case account.MailDelivered:
		w.DeliveredAt = &m.Finished
	}
	return w
}
