// Package page is the toolkit that every page of the console is made of.
//
// A [Site] serves a [Route] behind one gate: it refuses cross-site requests,
// authenticates the session cookie, checks the permission of the route, reads the form
// and checks its CSRF token. A page is a function of a [Request], which answers by a
// template, a redirect or an error. The templates, the style sheet and the script are
// embedded here. Every text that a page shows is a [locale.Phrase].
//
// The package imports [account], [access], [appearance], [locale], [host], [secret],
// [asset], [picture] and the standard library, and no area of the console.
package page
