package datadir

import "path/filepath"

// MailPath returns the directory for mail files. The server writes messages there if it has
// no mail server.
func MailPath(data string) string { return filepath.Join(data, "mail") }
