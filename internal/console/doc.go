// Package console serves the web pages for people. Each page is plain HTML. Everything essential
// works without JavaScript. The console calls package service, as the API does, and makes no
// decision about access itself.
//
// console.go has the table of pages and menu.go the navigation menu. Package page is the toolkit:
// the checks before every request, forms, templates and static files. Package appearance holds the
// language, theme and time zone of pages.
//
// The console has nine areas: activity, imports, outbox, overview, profile, roles, settings, signin
// and users. Each is a package that imports page, declares an interface with the operations that it
// calls, and exports its routes. Areas do not import each other; internal/layout checks this.
package console
