package e2e_test

import (
	"crypto/rand"
	"encoding/base64"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// startPostgres starts a cluster of the test's own.
func startPostgres(t *testing.T) *pgtest.Cluster {
	t.Helper()
	cluster, err := pgtest.Durable()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Remove(); err != nil {
			t.Error(err)
		}
	})
	return cluster
}

// onPostgres are the options of a server on a database of the cluster.
func onPostgres(cluster *pgtest.Cluster, database string) options {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return options{
		Flags: []string{"--metrics"},
		Env:   []string{"USHER_DATABASE_URL=" + cluster.URL(database), "USHER_SERVER_KEY=" + base64.StdEncoding.EncodeToString(key)},
	}
}
