package keyring

import "slices"

// Purpose is what a derived key is used for. Each purpose has its own key, so a ciphertext or a
// signature for one purpose is not valid for another.
//
// Only this package creates purposes. Each of them is therefore in [Purposes], and a test shows
// that the rotation of the server key handles all of these.
type Purpose struct{ name string }

// purposes lists all purposes.
var purposes []Purpose

// The purposes of encryption.
var (
	ContractKey   = newPurpose("api-key") // the texts of contract keys
	Mail          = newPurpose("mail")    // the messages of the outbox
	SettingSecret = newPurpose("setting") // the passwords and keys in settings
)

// The purposes of signatures.
var (
	ActivityEntry      = newPurpose("activity")            // the seals of activity entries
	ActivityAnchor     = newPurpose("activity-anchor")     // the start of the chain of seals
	ActivityHead       = newPurpose("activity-head")       // the end of the chain
	ActivityCheckpoint = newPurpose("activity-checkpoint") // checkpoints of the chain
	ActivityResealing  = newPurpose("activity-resealing")  // how far the chain is sealed with a new server key
	FormerCheckpoint   = newPurpose("former-checkpoint")   // checkpoints from before a rotation
	UnknownAddress     = newPurpose("unknown-address")     // addresses without an account, in sign-in counters
)

func newPurpose(name string) Purpose {
	p := Purpose{name: name}
	purposes = append(purposes, p)
	return p
}

// Purposes returns all purposes.
func Purposes() []Purpose { return slices.Clone(purposes) }

// String returns the name of the purpose, from which its key is derived.
func (p Purpose) String() string { return p.name }
