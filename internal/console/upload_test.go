package console

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

func rowsOfSize(bytes int) []userfile.Row { return []userfile.Row{{Name: strings.Repeat("x", bytes)}} }

// A file waits for a quarter of an hour; one that is being imported stays until its end,
// and its outcome as long again.
func TestUploadsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us := newUploads()
		us.keep(1, "waits", rowsOfSize(1))
		us.keep(2, "runs", rowsOfSize(1))
		waits, _ := us.waiting(2)
		running, _ := us.take(2, waits.ID)
		us.begun(running, 7)
		time.Sleep(uploadTime - time.Second)
		if _, ok := us.waiting(1); !ok {
			t.Error("the file is gone too early")
		}
		time.Sleep(2 * time.Second)
		if _, ok := us.waiting(1); ok {
			t.Error("the file is still there")
		}
		if u, ok := us.of(7); !ok || len(u.Rows) != 1 {
			t.Error("the file that is being imported is gone")
		}
		us.end(running, []userfile.Fault{{Line: 1}}, false)
		if u, ok := us.of(7); !ok || u.Rows != nil || len(u.Faults) != 1 || u.Total != 1 {
			t.Errorf("at its end there is %+v", u)
		}
		time.Sleep(uploadTime + time.Second)
		if _, ok := us.of(7); ok {
			t.Error("the outcome is still there")
		}
	})
}

// What cannot be begun waits again.
func TestUploadThatIsNotBegunWaits(t *testing.T) {
	us := newUploads()
	us.keep(1, "users.csv", rowsOfSize(1))
	u, _ := us.waiting(1)
	taken, ok := us.take(1, u.ID)
	if _, again := us.take(1, u.ID); !ok || again {
		t.Fatal("it was not taken once")
	}
	us.begun(taken, 0)
	if _, ok := us.take(1, u.ID); !ok {
		t.Error("it does not wait again")
	}
}

func TestUploadsAreBounded(t *testing.T) {
	us := newUploads()
	for session := range int64(maxUploads) {
		if !us.keep(session, "", rowsOfSize(1)) {
			t.Fatalf("file %d is refused", session)
		}
	}
	if us.keep(99, "", rowsOfSize(1)) {
		t.Error("there is room for one too many")
	}
	if !us.keep(3, "newer", rowsOfSize(1)) {
		t.Error("a session cannot choose another file")
	}
	first, _ := us.waiting(0)
	over, _ := us.take(0, first.ID)
	us.begun(over, 7)
	if us.keep(99, "", rowsOfSize(1)) {
		t.Error("a running import makes room")
	}
	us.end(over, nil, false)
	if !us.keep(99, "", rowsOfSize(1)) {
		t.Error("an outcome makes no room for a file")
	}

	us = newUploads()
	for session := range int64(4) {
		us.keep(session, "", rowsOfSize(15<<20))
	}
	if us.keep(4, "", rowsOfSize(15<<20)) || !us.keep(4, "", rowsOfSize(3<<20)) {
		t.Error("the memory is not bounded by its size")
	}
}
