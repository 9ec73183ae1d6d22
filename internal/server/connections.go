package server

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/bodylimit"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/connlimit"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
)

const (
	defaultConnections = 8192 // at most; each may take some 50 KiB of memory
	defaultPerNetwork  = 256  // at most
	minExcess          = 8
	maxExcess          = 128

	refusedInterval = time.Minute // between two log lines about refused connections
)

// Paths of the health checks. They are answered on connections over the limits too: an orchestrator would otherwise
// restart a server because of its clients.
const (
	healthPath = "/healthz"
	readyPath  = "/readyz"
)

// connectionLimits returns the limits of connections from the settings. The defaults depend on the number of file
// descriptors that the process may open. It fails if the settings need more.
func connectionLimits(settings *config.Server, descriptors int) (connlimit.Limits, error) {
	total := cmp.Or(settings.MaxConnections, min(descriptors/4*3, defaultConnections))
	limits := connlimit.Limits{
		Total:      total,
		PerNetwork: min(cmp.Or(settings.MaxConnectionsPerNetwork, min(total/8, defaultPerNetwork)), total),
		Excess:     min(max(total/8, minExcess), maxExcess),
	}
	if limits.Total+limits.Excess > descriptors {
		return limits, command.WithHint(
			fmt.Errorf("--max-connections is %d, but the process may open %d files only", limits.Total, descriptors),
			"lower --max-connections, or raise the limit: ulimit -n, or LimitNOFILE of systemd")
	}
	return limits, nil
}

// limitConnections bounds the connections of the listener and the memory of request bodies.
func (s *Server) limitConnections(proxies httpapi.Proxies) error {
	limits, err := connectionLimits(s.settings, connlimit.MaxDescriptors())
	if err != nil {
		return err
	}
	s.conns = connlimit.New(limits, func(address net.Addr) connlimit.Peer {
		network, proxy := proxies.PeerNetwork(address)
		return connlimit.Peer{Network: network, Proxy: proxy}
	})
	s.bodies = bodylimit.New(int64(s.settings.MaxBodyMemory)<<20, time.Now)
	return nil
}

// refused reports whether a request came on a connection over the limits and is no health check.
func refused(r *http.Request) bool {
	return connlimit.InExcess(r.Context()) && r.URL.Path != healthPath && r.URL.Path != readyPath
}

// closeExcess returns a handler that closes connections over the limits after one answer.
func closeExcess(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if connlimit.InExcess(r.Context()) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// watchConnections logs once per refusedInterval that connections were over the limits.
func (s *Server) watchConnections(ctx context.Context) {
	var logged uint64
	every(ctx, refusedInterval, func() {
		open, total := s.conns.Counts()
		if total == logged {
			return
		}
		s.log.Warn("connections are over the limits", "refused", total-logged, "open", open,
			"remedy", "if these are your users, raise --max-connections or --max-connections-per-network; "+
				"if they are a proxy's, name it by --trusted-proxies")
		logged = total
	})
}
