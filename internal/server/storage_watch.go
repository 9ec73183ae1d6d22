package server

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/datadir"
)

// storageCheckInterval is the time between two checks whether the database stores changes. It also limits the number of
// log lines when a disk is full, has space again, is full again and so on.
const storageCheckInterval = 5 * time.Second

// watchStorage logs when the database begins to refuse changes, and when it stores them again. After a refusal it makes
// test writes, since there may be no request that changes anything.
func (s *Server) watchStorage(ctx context.Context) {
	ticker := time.NewTicker(storageCheckInterval)
	defer ticker.Stop()
	logged := ""
	for {
		s.checkDisk()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if logged != "" && s.store.WriteFailure() != nil {
			_ = s.store.TryWrite(ctx) // the result is in WriteFailure
		}
		switch failure := s.store.WriteFailure(); {
		case failure != nil && failure.Message != logged:
			logged = failure.Message
			s.log.Error("changes are refused", "error", failure,
				"remedy", "see that the database answers, has room on its disk and is writable; no restart is needed")
		case failure == nil && logged != "":
			logged = ""
			s.log.Info("changes are stored again")
		}
	}
}

// checkDisk compares the free space of the disk of the data directory with the low-water mark. Below the mark, users
// can't change their own profiles: with the space that is left, sign-ins can still be stored. It logs when that begins
// and ends.
func (s *Server) checkDisk() {
	if s.settings.DiskLowWater == 0 || !s.settings.Database.URL.Empty() { // PostgreSQL may run on another machine
		return
	}
	free, err := datadir.FreeSpace(s.settings.Data)
	if err != nil {
		if !errors.Is(err, errors.ErrUnsupported) {
			s.log.Debug("the free space of the disk is not known", "error", err)
		}
		return
	}
	low := free < uint64(s.settings.DiskLowWater)<<20
	if was := s.diskLow.Swap(low); was == low {
		return
	}
	if low {
		s.log.Warn("the disk is almost full; users cannot change their own profiles", "free_bytes", free,
			"remedy", "make room, or lower --disk-low-water; no restart is needed after making room")
	} else {
		s.log.Info("the disk has room again; users can change their own profiles")
	}
}
