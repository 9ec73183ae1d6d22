package main

import (
	"context"
	"time"
)

// watchTime is between two looks whether changes are stored, and so between two
// lines of the log on a disk that is full at one moment and not at the next.
const watchTime = 5 * time.Second

// watch tells when the database begins to refuse changes, and when it stores them
// again. It finds that out by itself: nobody may want to change anything.
func (p *program) watch(ctx context.Context) {
	ticker := time.NewTicker(watchTime)
	defer ticker.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if told != "" && p.store.Trouble() != nil {
			_ = p.store.TryWrite(ctx) // how it goes is the next line's answer
		}
		switch trouble := p.store.Trouble(); {
		case trouble != nil && trouble.Message != told:
			told = trouble.Message
			p.log.Error("changes are refused", "error", trouble,
				"remedy", "see that the database answers, has room on its disk and is writable; no restart is needed")
		case trouble == nil && told != "":
			told = ""
			p.log.Info("changes are stored again")
		}
	}
}
