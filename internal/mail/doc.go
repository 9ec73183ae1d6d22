// Package mail builds Usher's messages from templates and delivers them.
//
//   - [Templates] renders a message from its content. It implements outbox.Renderer.
//   - A [Sender] delivers one message. [SMTP] sends it to a mail server. [Directory]
//     writes it to a file, for an installation without a mail server.
//     [ConfiguredSender] chooses one of these two for each message, by the current settings.
//   - A [Worker] claims due messages from the queue, sends them and records whether each
//     delivery succeeded.
//
// The queue is the outbox in the database. Each message is delivered at least once. If the
// worker cannot record a delivery, it sends the message again. The Message-ID stays the
// same, so mail programs can recognise the duplicate.
package mail
