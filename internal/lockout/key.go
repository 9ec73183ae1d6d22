package lockout

import (
	"encoding/hex"
	"strconv"
)

// NetworkKey returns the key that counts the failed sign-ins of a client network.
func NetworkKey(network string) string { return "source|" + network }

// RecoveryKey returns the key that counts the recovery requests of a client network.
func RecoveryKey(network string) string { return "recovery|" + network }

// TestMessageKey returns the key that counts the test messages of a user.
func TestMessageKey(userID int64) string { return "test-message|" + strconv.FormatInt(userID, 10) }

// UserSubject returns the subject of an account, which all its sign-in keys begin with.
func UserSubject(id int64) string { return "u:" + strconv.FormatInt(id, 10) + "|" }

// UnknownSubject returns the subject of an e-mail address that no account has. It is made
// of an HMAC of the address, because users type passwords into that field by mistake.
func UnknownSubject(mac []byte) string { return "x:" + hex.EncodeToString(mac[:16]) + "|" }

// unknownNetworks is the network of the key that all unknown networks of a subject share.
// A user is shown as locked while the counter of this key is locked.
const unknownNetworks = "new"

// SignInKey returns the key of sign-ins to a subject from a client network. known reports
// whether the subject has signed in from that network before.
func SignInKey(subject, network string, known bool) string {
	if known {
		return subject + network
	}
	return subject + unknownNetworks
}
