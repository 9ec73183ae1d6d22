package settings

import (
	"time"
)

// Limits of settings, as in the contract.
const (
	maxURLLength         = 2048 // characters
	maxSettingLength     = 1024 // characters
	maxCertificateLength = 65536
	maxPort              = 65535
	maxGroups            = 1000
	maxGroupRoles        = 100

	minSessionLife = 5 * time.Minute
	maxSessionIdle = 30 * 24 * time.Hour
	maxSessionLife = 365 * 24 * time.Hour
	maxLockTime    = 365 * 24 * time.Hour
	maxThreshold   = 50 // failed sign-ins
)
