// Package consoletest has what the tests of the console's areas share: a console over a new
// database, a browser without JavaScript, forms, files and a clock.
//
// Only tests import the package.
package consoletest
