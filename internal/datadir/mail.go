package datadir

import "path/filepath"

// MailPath returns the directory that messages are written to when there is no mail server.
func MailPath(data string) string { return filepath.Join(data, "mail") }
