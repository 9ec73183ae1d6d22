package lockout

import (
	"encoding/hex"
	"strconv"
)

// Prefixes of the keys of counters that anyone can create, without an account.
const (
	networkPrefix  = "source|"
	recoveryPrefix = "recovery|"
	// UnknownPrefix is that of the counters of e-mail addresses without an account.
	UnknownPrefix = "x:"
)

// StrangerPrefixes returns the prefixes of the keys of all counters that anyone can create, without
// an account. The number of counters with each prefix must be limited.
func StrangerPrefixes() []string { return []string{networkPrefix, recoveryPrefix, UnknownPrefix} }

// NetworkKey returns the key of the counter of failed sign-ins from a client network.
func NetworkKey(network string) string { return networkPrefix + network }

// RecoveryKey returns the key of the counter of recovery requests from a client network.
func RecoveryKey(network string) string { return recoveryPrefix + network }

// TestMessageKey returns the key of the counter of test messages that a user sends.
func TestMessageKey(userID int64) string { return "test-message|" + strconv.FormatInt(userID, 10) }

// UserSubject returns the subject of an account. The keys of all counters of sign-ins to the
// account begin with the subject.
func UserSubject(id int64) string { return "u:" + strconv.FormatInt(id, 10) + "|" }

// UnknownSubject returns the subject for an e-mail address that no account has. mac is an HMAC
// of the address with the server key keyID. The address itself is not stored, because users type
// passwords into that field by mistake.
func UnknownSubject(keyID string, mac []byte) string {
	return UnknownSubjects(keyID) + hex.EncodeToString(mac[:16]) + "|"
}

// UnknownSubjects returns the beginning of all results of [UnknownSubject] with the server key
// keyID.
func UnknownSubjects(keyID string) string { return UnknownPrefix + keyID + ":" }

// unknownNetworks stands for the network in the key that all unknown networks of a subject
// share. A user is shown as locked while the counter with this key is locked.
const unknownNetworks = "new"

// SignInKey returns the key of the counter of sign-ins to a subject from a client network. known
// tells whether the subject has signed in from that network before.
func SignInKey(subject, network string, known bool) string {
	if known {
		return subject + network
	}
	return subject + unknownNetworks
}
