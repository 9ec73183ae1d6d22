package layout_test

// arrows lists, for each package, the packages of this module that it may import. A request
// enters through cmd, server, httpapi and console. It passes service and the packages that
// service composes, down to account. It reaches the database through the interfaces that
// account declares.
var arrows = map[string][]string{
	"client": {"internal/secret"},
	"cmd/usher": {
		"internal/cli", "internal/cli/completion", "internal/cli/settings", "internal/command", "internal/config",
		"internal/server",
	},
	"internal/access": {},
	"internal/account": {
		"internal/access", "internal/keyring", "internal/secret", "internal/lockout", "internal/token",
	},
	"internal/activityfile": {"internal/account", "internal/wire"},
	"internal/apidocs":      {"internal/asset"},
	"internal/apikey": {
		"internal/access", "internal/account", "internal/audit", "internal/auth", "internal/keyring",
		"internal/outbox", "internal/secret", "internal/token",
	},
	"internal/asset": {},
	"internal/audit": {"internal/access", "internal/account", "internal/keyring"},
	"internal/auth": {
		"internal/access", "internal/account", "internal/audit", "internal/keyring", "internal/passhash",
		"internal/secret", "internal/lockout", "internal/token",
	},
	"internal/bodylimit": {"internal/account"},
	"internal/cli": {
		"client", "internal/cli/credentials", "internal/cli/fields", "internal/cli/lookup", "internal/cli/profile",
		"internal/cli/userimport", "internal/command", "internal/datadir", "internal/mail", "internal/privatefile",
		"internal/secret", "internal/token", "internal/userfile",
	},
	"internal/cli/completion":  {"internal/command"},
	"internal/cli/credentials": {"internal/command", "internal/privatefile", "internal/secret"},
	"internal/cli/fields":      {"client", "internal/command"},
	"internal/cli/lookup":      {"client", "internal/account", "internal/command"},
	"internal/cli/profile":     {"client", "internal/account", "internal/command", "internal/userfile"},
	"internal/cli/settings":    {"client", "internal/cli", "internal/cli/fields", "internal/command"},
	"internal/cli/userimport": {
		"client", "internal/cli/lookup", "internal/cli/profile", "internal/command", "internal/userfile",
	},
	"internal/command":   {"internal/account", "internal/secret"},
	"internal/config":    {"internal/host", "internal/mail", "internal/secret"},
	"internal/connlimit": {},
	"internal/console": {
		"internal/access", "internal/console/activity", "internal/console/imports", "internal/console/outbox",
		"internal/console/overview", "internal/console/page", "internal/console/profile", "internal/console/roles",
		"internal/console/settings", "internal/console/signin", "internal/console/users", "internal/service",
	},
	"internal/console/activity": {
		"internal/access", "internal/account", "internal/activityfile", "internal/console/page", "internal/locale",
	},
	"internal/console/appearance": {"internal/account", "internal/locale"},
	"internal/console/consoletest": {
		"internal/access", "internal/account", "internal/console", "internal/keyring", "internal/mail",
		"internal/passhash", "internal/secret", "internal/service", "internal/sqlstore/enginetest",
	},
	"internal/console/imports": {
		"internal/access", "internal/account", "internal/console/page", "internal/locale", "internal/userfile",
		"internal/userimport",
	},
	"internal/console/outbox":   {"internal/access", "internal/account", "internal/console/page", "internal/locale"},
	"internal/console/overview": {"internal/access", "internal/account", "internal/console/page"},
	"internal/console/page": {
		"internal/access", "internal/account", "internal/asset", "internal/auth", "internal/console/appearance",
		"internal/host", "internal/locale", "internal/picture", "internal/secret",
	},
	"internal/console/profile": {
		"internal/access", "internal/account", "internal/apikey", "internal/auth", "internal/console/appearance",
		"internal/console/page", "internal/locale", "internal/picture", "internal/secret",
	},
	"internal/console/roles": {"internal/access", "internal/account", "internal/console/page", "internal/locale"},
	"internal/console/settings": {
		"internal/access", "internal/account", "internal/console/page", "internal/locale", "internal/outbox",
		"internal/secret", "internal/settings", "internal/lockout",
	},
	"internal/console/signin": {
		"internal/account", "internal/auth", "internal/console/page", "internal/locale", "internal/secret",
	},
	"internal/console/users": {
		"internal/access", "internal/account", "internal/auth", "internal/console/page", "internal/locale",
		"internal/userfile",
	},
	"internal/contract": {"api", "internal/account"},
	"internal/datadir": {
		"internal/account", "internal/command", "internal/keyring", "internal/privatefile", "internal/secret",
	},
	"internal/dbmove":  {"internal/keyring", "internal/sqldb", "internal/sqldb/postgres", "internal/sqldb/sqlite"},
	"internal/framing": {},
	"internal/host":    {},
	"internal/httpapi": {
		"api", "internal/access", "internal/account", "internal/activityfile", "internal/apikey", "internal/asset",
		"internal/auth", "internal/bodylimit", "internal/contract", "internal/outbox", "internal/secret",
		"internal/service", "internal/settings", "internal/lockout", "internal/wire",
	},
	"internal/keyring":       {},
	"internal/locale":        {},
	"internal/mail":          {"internal/account", "internal/host", "internal/secret"},
	"internal/mail/mailtest": {"internal/account", "internal/mail"},
	"internal/monotime":      {},
	"internal/outbox": {
		"internal/access", "internal/account", "internal/audit", "internal/auth", "internal/host",
		"internal/keyring", "internal/settings", "internal/lockout",
	},
	"internal/passhash":    {"internal/secret"},
	"internal/pgtest":      {},
	"internal/picture":     {},
	"internal/privatefile": {},
	"internal/recovery": {
		"internal/access", "internal/account", "internal/audit", "internal/auth", "internal/outbox",
		"internal/secret", "internal/settings", "internal/lockout", "internal/token",
	},
	"internal/role":   {"internal/access", "internal/account", "internal/audit", "internal/auth", "internal/settings"},
	"internal/secret": {},
	"internal/server": {
		"internal/account", "internal/apidocs", "internal/audit", "internal/auth", "internal/bodylimit",
		"internal/command", "internal/config", "internal/connlimit", "internal/console", "internal/contract",
		"internal/datadir", "internal/dbmove", "internal/framing",
		"internal/host", "internal/httpapi", "internal/keyring", "internal/mail", "internal/passhash",
		"internal/privatefile", "internal/secret", "internal/service", "internal/settings", "internal/sqldb",
		"internal/sqldb/postgres", "internal/sqldb/sqlite", "internal/sqlstore",
	},
	"internal/service": {
		"internal/access", "internal/account", "internal/apikey", "internal/audit", "internal/auth",
		"internal/keyring", "internal/monotime", "internal/outbox", "internal/passhash", "internal/recovery",
		"internal/role", "internal/secret", "internal/settings", "internal/lockout", "internal/user",
		"internal/userimport",
	},
	"internal/service/servicetest": {
		"internal/access", "internal/account", "internal/apikey", "internal/audit", "internal/auth",
		"internal/keyring", "internal/passhash", "internal/secret", "internal/service", "internal/settings",
		"internal/sqlstore/enginetest", "internal/lockout", "internal/token",
	},
	"internal/settings": {
		"internal/access", "internal/account", "internal/audit", "internal/auth", "internal/host",
		"internal/keyring", "internal/secret", "internal/lockout",
	},
	"internal/sqldb":          {},
	"internal/sqldb/postgres": {"internal/host", "internal/monotime", "internal/secret", "internal/sqldb"},
	"internal/sqldb/sqlite":   {"internal/sqldb"},
	"internal/sqlstore": {
		"internal/access", "internal/account", "internal/keyring", "internal/sqldb", "internal/sqldb/postgres",
		"internal/sqldb/sqlite", "internal/lockout", "internal/token",
	},
	"internal/sqlstore/enginetest": {
		"internal/pgtest", "internal/secret", "internal/sqldb/postgres", "internal/sqldb/sqlite",
		"internal/sqlstore",
	},
	"internal/lockout": {},
	"internal/token":   {"internal/secret"},
	"internal/user": {
		"internal/access", "internal/account", "internal/audit", "internal/auth", "internal/outbox",
		"internal/passhash", "internal/recovery", "internal/secret", "internal/lockout",
	},
	"internal/userfile": {"internal/account", "internal/passhash", "internal/secret"},
	"internal/userimport": {
		"internal/access", "internal/account", "internal/audit", "internal/auth", "internal/outbox",
		"internal/passhash", "internal/recovery", "internal/secret", "internal/lockout", "internal/user",
	},
	"internal/wire": {},
}
