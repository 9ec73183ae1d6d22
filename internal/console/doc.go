// Package console is the web pages for people. Each page is plain HTML that
// works without JavaScript; a page calls the same account rules as the API and
// decides nothing itself.
//
// page.go holds what all pages share: layout, rendering, headers. Each page has
// a file named after it (reset.go) and a template in templates/; the one style
// sheet is static/usher.css. All of them are embedded.
//
// The package imports [account], [secret], [asset] and the standard library. It
// imports no storage and no other transport.
package console
