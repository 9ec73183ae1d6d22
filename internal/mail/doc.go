// Package mail renders Usher's messages and delivers them.
//
//   - [Templates] renders a message from its content. It implements account.Renderer.
//   - A [Sender] delivers one message. [SMTP] sends it to a mail server. [Directory]
//     writes it to a file, for an installation without a mail server.
//     [ConfiguredSender] chooses one of them for each message, by the current settings.
//   - [Worker] claims due messages from the queue, sends them and records the outcomes.
//
// The queue is the outbox in the database. Delivery is at least once: if the outcome of a
// delivery is not recorded, the message is sent again. Its Message-ID stays the same, so
// mail programs can recognise the duplicate.
//
// Import rule: the package imports account (only its types), host, secret, go-mail, idna
// and the standard library. Package account does not import it.
package mail
