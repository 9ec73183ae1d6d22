// Package console is the web pages for people. Each is plain HTML that works without
// JavaScript for everything essential, and calls the same rules as the API. The console
// itself decides nothing.
//
// console.go has the table of pages and menu.go the navigation menu. Package page is the
// toolkit: the gate of every request, forms, templates and static files. Package appearance
// is the language, theme and time zone of pages. Each area
// (activity, imports, outbox, overview, profile, roles, settings, signin, users) is a
// package that imports page, declares what it needs of the rules and exports its routes.
// Areas do not import each other; internal/layout checks it.
package console
