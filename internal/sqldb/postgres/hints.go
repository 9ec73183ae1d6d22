package postgres

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// Hint returns what to change in the configuration after a failure to open a database. It returns
// "" for a failure that the configuration does not cause.
func Hint(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return codeHint(e.Code)
	}
	if _, unverified := errors.AsType[*tls.CertificateVerificationError](err); unverified {
		if _, name := errors.AsType[x509.HostnameError](err); name {
			return "the certificate of PostgreSQL is for another name than the host in the URL"
		}
		return "the certificate of PostgreSQL is not signed by an authority that is known here: " +
			"add sslrootcert=FILE to the URL"
	}
	return ""
}

func codeHint(code string) string {
	switch code {
	case "08P01":
		return "a pooler stands between, which must pass on the parameters that docs/postgresql.md names"
	case "28000":
		return "the user in the URL may not connect: see pg_hba.conf"
	case "28P01":
		return "the user or the password in the URL is wrong"
	case "3D000":
		return "make the database first: CREATE DATABASE … OWNER the user in the URL, ENCODING 'UTF8', TEMPLATE template0"
	case "42501":
		return "make the user in the URL the owner of the database, or GRANT CREATE ON SCHEMA public to it"
	case "3F000":
		return "the user in the URL has no schema to make tables in: let it own the database, " +
			"or GRANT CREATE ON SCHEMA public to it"
	case "42704":
		return "a parameter of the URL is none that PostgreSQL knows"
	case "42P05":
		return "a pooler in transaction mode stands between, which cannot be used: see docs/postgresql.md"
	case "53300":
		return "PostgreSQL has no connections left: lower --database-connections, or raise max_connections"
	}
	return ""
}
