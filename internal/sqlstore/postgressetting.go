package sqlstore

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// remedies are what to do about refusals of PostgreSQL that do not pass by
// themselves, by their codes.
var remedies = map[string]string{
	"08P01": "a pooler stands between, which must pass on the parameters that docs/postgresql.md names",
	"28000": "the user in the URL may not connect: see pg_hba.conf",
	"28P01": "the user or the password in the URL is wrong",
	"3D000": "make the database first: CREATE DATABASE … OWNER the user in the URL, ENCODING 'UTF8', TEMPLATE template0",
	"42501": "make the user in the URL the owner of the database, or GRANT CREATE ON SCHEMA public to it",
	"3F000": "the user in the URL has no schema to make tables in: let it own the database, or GRANT CREATE ON SCHEMA public to it",
	"42704": "a parameter of the URL is none that PostgreSQL knows",
	"42P05": "a pooler in transaction mode stands between, which cannot be used: see docs/postgresql.md",
	"53300": "PostgreSQL has no connections left: lower --database-connections, or raise max_connections",
}

// Remedy tells what to do about a failure to open a PostgreSQL database that comes
// of a setting, which waiting does not change; "" for others.
func Remedy(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return remedies[e.Code]
	}
	if _, unverified := errors.AsType[*tls.CertificateVerificationError](err); unverified {
		if _, name := errors.AsType[x509.HostnameError](err); name {
			return "the certificate of PostgreSQL is for another name than the host in the URL"
		}
		return "the certificate of PostgreSQL is not signed by an authority that is known here: add sslrootcert=FILE to the URL"
	}
	return ""
}
