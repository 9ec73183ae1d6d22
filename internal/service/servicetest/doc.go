// Package servicetest is the fixture that the tests of package service and of its parts share.
// It has a [service.Service] over a fresh database, a fake clock, and helpers for what many
// tests do first.
//
// The operations are in several packages, such as user and role, and each package has its own
// tests. They all use this fixture, because most operations need users, sessions and roles. The
// tests run on SQLite, or on the database engine that USHER_TEST_ENGINE names.
//
// Only tests import it.
package servicetest
