// Package console is the web pages for people. Each is plain HTML that works without
// JavaScript for all that matters, calls the same rules as the API, and decides
// nothing itself.
//
// route.go has the one table of pages, and the gate that each request passes.
// request.go is what a page is given, form.go what it asks of people, failure.go what
// it says when something fails. Each page is in a file named after it (signin.go) with
// a template in templates/; the one style sheet is static/usher.css, the one script
// static/usher.js. All of them are embedded. What people read is a [locale.Phrase].
//
// The package imports [account], [access], [locale], [host], [secret], [asset],
// [userfile] and the standard library. It imports no storage and no other transport.
package console
