package imports

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

func rowsOfSize(bytes int) []userfile.Row {
	return []userfile.Row{{Profile: account.Profile{Name: strings.Repeat("x", bytes)}}}
}

// TestUploadsExpire checks that an unconfirmed file is dropped after 15 minutes. A file that is
// being imported stays until the import has ended, and its outcome for 15 more minutes.
func TestUploadsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us := newUploads()
		us.add(1, "waits", rowsOfSize(1))
		us.add(2, "runs", rowsOfSize(1))
		waits, _ := us.waiting(2)
		running, _ := us.claim(2, waits.ID)
		us.setImport(running, 7)
		time.Sleep(uploadTime - time.Second)
		if _, ok := us.waiting(1); !ok {
			t.Error("the file is gone too early")
		}
		time.Sleep(2 * time.Second)
		if _, ok := us.waiting(1); ok {
			t.Error("the file is still there")
		}
		if u, ok := us.byImport(7); !ok || len(u.Rows) != 1 {
			t.Error("the file of the running import is gone")
		}
		us.finish(running, []userfile.Fault{{Line: 1}}, false)
		if u, ok := us.byImport(7); !ok || u.Rows != nil || len(u.Faults) != 1 || u.Total != 1 {
			t.Errorf("at the end of the import: %+v", u)
		}
		time.Sleep(uploadTime + time.Second)
		if _, ok := us.byImport(7); ok {
			t.Error("the outcome is still there")
		}
	})
}

// TestUploadWaitsAgain checks that a file waits for confirmation again if its import could not
// begin.
func TestUploadWaitsAgain(t *testing.T) {
	us := newUploads()
	us.add(1, "users.csv", rowsOfSize(1))
	u, _ := us.waiting(1)
	taken, ok := us.claim(1, u.ID)
	if _, again := us.claim(1, u.ID); !ok || again {
		t.Fatal("the file was not claimed exactly once")
	}
	us.setImport(taken, 0)
	if _, ok := us.claim(1, u.ID); !ok {
		t.Error("the file does not wait again")
	}
}

func TestUploadsAreBounded(t *testing.T) {
	us := newUploads()
	for session := range int64(maxUploads) {
		if !us.add(session, "", rowsOfSize(1)) {
			t.Fatalf("file %d is refused", session)
		}
	}
	if us.add(99, "", rowsOfSize(1)) {
		t.Error("there is room for more than the limit")
	}
	if !us.add(3, "newer", rowsOfSize(1)) {
		t.Error("a session cannot choose another file")
	}
	first, _ := us.waiting(0)
	over, _ := us.claim(0, first.ID)
	us.setImport(over, 7)
	if us.add(99, "", rowsOfSize(1)) {
		t.Error("a running import makes room")
	}
	us.finish(over, nil, false)
	if !us.add(99, "", rowsOfSize(1)) {
		t.Error("an outcome makes no room for a file")
	}

	us = newUploads()
	for session := range int64(4) {
		us.add(session, "", rowsOfSize(15<<20))
	}
	if us.add(4, "", rowsOfSize(15<<20)) || !us.add(4, "", rowsOfSize(3<<20)) {
		t.Error("the memory is not bounded by its size")
	}
}
