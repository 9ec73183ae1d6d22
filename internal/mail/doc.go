// Package mail writes Usher's messages and delivers them.
//
//   - [Templates] puts a message into words (it is account's Renderer).
//   - [SMTP] and [Directory] are the two ways out: a mail server, or files that
//     an operator reads where there is none. [Router] chooses for each message.
//   - [Worker] takes what is due from the queue, sends it and records the outcome.
//
// The queue itself is the outbox of the storage. Delivery is at least once: a
// message whose delivery could not be recorded is sent again, with the same
// Message-ID, so that mail programs can tell.
//
// The package imports account (its types alone), host, secret, go-mail, idna and
// the standard library. account never imports it.
package mail
