package server

import (
	"context"
	"time"
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
