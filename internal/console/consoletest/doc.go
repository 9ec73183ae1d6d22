// Package consoletest is the parts that the tests of the console's areas share: a console over a
// fresh database, a browser without JavaScript, forms, files and an injected clock.
//
// Tests alone import it.
package consoletest
