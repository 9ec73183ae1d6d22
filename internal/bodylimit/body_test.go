package bodylimit_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/bodylimit"
)

const network = "192.0.2.1"

// connection simulates a client that sends a body at a rate, over a connection with a read deadline. It is the body,
// the ResponseWriter and the clock at once.
type connection struct {
	*httptest.ResponseRecorder
	now      time.Time
	deadline time.Time
	pieces   []piece
}

// piece is a part of a body.
type piece struct {
	size int
	took time.Duration // since the piece before
}

func (c *connection) SetReadDeadline(deadline time.Time) error {
	c.deadline = deadline
	return nil
}

// Read returns the next piece, or fails at the deadline.
func (c *connection) Read(p []byte) (int, error) {
	if len(c.pieces) == 0 {
		return 0, io.EOF
	}
	next := c.pieces[0]
	if arrives := c.now.Add(next.took); arrives.After(c.deadline) {
		c.now = c.deadline
		return 0, os.ErrDeadlineExceeded
	}
	c.now = c.now.Add(next.took)
	c.pieces = c.pieces[1:]
	return copy(p, strings.Repeat(" ", next.size)), nil
}

func (c *connection) Close() error { return nil }

// steady returns n pieces of the same size, each at the same interval.
func steady(n, size int, interval time.Duration) []piece {
	pieces := make([]piece, n)
	for i := range pieces {
		pieces[i] = piece{size, interval}
	}
	return pieces
}

// TestSlowBody checks the lowest rate of a body: 1 KiB a second after the first 5 seconds, for at most a minute.
func TestSlowBody(t *testing.T) {
	const kib = time.Second // the time that 1 KiB may take
	tests := []struct {
		name   string
		pieces []piece
		slowAt time.Duration // when the body is cut; 0: it is read to its end
	}{
		{"at once", steady(1, 4096, 0), 0},
		{"a pause of 5 s", []piece{{1, 0}, {1, 5 * time.Second}}, 0},
		{"a longer pause", []piece{{1, 0}, {1, 5*time.Second + time.Millisecond}}, 5*time.Second + kib/1024},
		{"nothing", []piece{{1, time.Hour}}, 5 * time.Second},
		{"a byte a second", steady(60, 1, time.Second), 5*time.Second + 5*kib/1024},
		{"1 KiB a second", steady(60, 1024, time.Second), 0},
		{"512 bytes a second", steady(60, 512, time.Second), 5*time.Second + 9*kib/2},
		{"fast, then stalled", []piece{{8 << 10, 0}, {8 << 10, 0}, {1, time.Hour}}, 5*time.Second + 16*kib},
		{"8 KiB a second for more than a minute", steady(100, 8<<10, time.Second), time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
			c := &connection{ResponseRecorder: httptest.NewRecorder(), now: start, pieces: test.pieces}
			limiter := bodylimit.New(1<<30, func() time.Time { return c.now })
			r := httptest.NewRequest("POST", "/", nil)
			r.Body = c
			body := limiter.Wrap(c, r, network)
			c.now = start.Add(time.Hour) // the time before the first Read does not count
			begun := c.now
			_, err := io.Copy(io.Discard, body)
			if test.slowAt == 0 {
				if err != nil {
					t.Errorf("the body is cut: %v", err)
				}
				return
			}
			if account.ErrorCode(err) != account.CodeTooSlow {
				t.Fatalf("the error is %v", err)
			}
			if cut := c.now.Sub(begun); cut != test.slowAt {
				t.Errorf("the body is cut after %v, want %v", cut, test.slowAt)
			}
			if _, again := body.Read(make([]byte, 1)); !errors.Is(again, err) {
				t.Errorf("a further Read fails with %v", again)
			}
		})
	}
}

// wrap returns a body of size bytes from a client network.
func wrap(l *bodylimit.Limiter, from string, size int) *bodylimit.Body {
	r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat(" ", size)))
	return l.Wrap(httptest.NewRecorder(), r, from)
}

// TestMemory checks the limits of the memory of bodies: a quarter for one network, and the whole for all.
func TestMemory(t *testing.T) {
	const total, each, free = bodylimit.MinTotal, 1 << 20, bodylimit.FreeBytes
	l := bodylimit.New(total, time.Now)
	read := func(from string, size int) (*bodylimit.Body, error) {
		body := wrap(l, from, size)
		_, err := io.Copy(io.Discard, body)
		return body, err
	}
	var held []*bodylimit.Body
	for _, from := range []string{"a", "b", "c", "d"} {
		for range total / 4 / each {
			body, err := read(from, each+free)
			if err != nil {
				t.Fatalf("%s: %v", from, err)
			}
			held = append(held, body)
		}
		if _, err := read(from, free+1); account.ErrorCode(err) != account.CodeUnavailable {
			t.Errorf("%s may have more than a quarter: %v", from, err)
		}
	}
	if used := l.Used(); used != total {
		t.Errorf("%d bytes are counted, want %d", used, total)
	}
	if _, err := read("e", free+1); account.ErrorCode(err) != account.CodeUnavailable {
		t.Errorf("more than all of the memory is given: %v", err)
	}
	if _, err := read("a", free); err != nil { // the size of a sign-in and more
		t.Errorf("a small body is refused: %v", err)
	}
	held[0].Release()
	held[0].Release()
	if _, err := read("e", each+free); err != nil {
		t.Errorf("released memory is not given: %v", err)
	}
}

// TestRefusedBodyCountsItsBytes checks that the bytes of a refused body are released with it.
func TestRefusedBodyCountsItsBytes(t *testing.T) {
	l := bodylimit.New(bodylimit.MinTotal, time.Now)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			body := wrap(l, network, 13<<20)
			defer body.Release()
			if _, err := io.Copy(io.Discard, body); account.ErrorCode(err) != account.CodeUnavailable {
				t.Errorf("the error is %v", err)
			}
		})
	}
	all.Wait()
	if used := l.Used(); used != 0 {
		t.Errorf("%d bytes are still counted", used)
	}
}

// TestBeforeAnswer checks which answers close the connection.
func TestBeforeAnswer(t *testing.T) {
	tests := []struct {
		name      string
		size      int // bytes of the body; 0: there is none
		read      bool
		status    int
		wantClose bool
	}{
		{"too large", 100, false, http.StatusRequestEntityTooLarge, true},
		{"too slow", 100, false, http.StatusRequestTimeout, true},
		{"no room", 100, false, http.StatusServiceUnavailable, true},
		{"not authenticated", 100, false, http.StatusUnauthorized, false},
		{"busy after the body", 100, true, http.StatusServiceUnavailable, false},
		{"busy without a body", 0, false, http.StatusServiceUnavailable, false},
	}
	for _, test := range tests {
		r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat(" ", test.size)))
		if test.size == 0 {
			r.Body = http.NoBody
		}
		body := bodylimit.New(0, time.Now).Wrap(httptest.NewRecorder(), r, network)
		if test.read {
			_, _ = io.Copy(io.Discard, body)
		}
		header := http.Header{}
		body.BeforeAnswer(header, test.status)
		if closes := header.Get("Connection") == "close"; closes != test.wantClose {
			t.Errorf("%s: the connection is closed: %v", test.name, closes)
		}
	}
}
