// Package page is the toolkit for every page of the console.
//
// A [Site] checks every request before it calls the handler of the [Route]. It refuses cross-site
// requests, authenticates the session cookie, checks the permission that the route needs, reads the
// form and checks its CSRF token. A handler gets a [Request] and answers with a template, a
// redirect or an error. The templates, the style sheet and the script are embedded here. Every text
// that a page shows is a [locale.Phrase].
package page
