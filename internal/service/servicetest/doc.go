// Package servicetest is the fixture that the tests of the rules share: a [service.Service] over
// a fresh database, a clock that tests move, and short names for what many tests do first.
//
// The rules are spread over one package for each noun, and each has its tests in its own folder.
// They all use this fixture, because most rules need users, sessions and roles to act on. The
// tests run on SQLite, or on the engine that USHER_TEST_ENGINE names.
//
// Only tests import it.
package servicetest
