// Package asset serves static files of web pages from memory, such as style sheets and
// scripts.
package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Asset serves one file. It supports conditional and range requests, and compresses the file for
// clients that accept gzip. It is safe for concurrent use.
type Asset struct {
	contentType string
	body        []byte
	tag         string
	compressed  func() []byte
}

// New returns an asset that serves body. The caller must not change body afterwards.
func New(contentType string, body []byte) *Asset {
	sum := sha256.Sum256(body)
	return &Asset{
		contentType: contentType,
		body:        body,
		tag:         base64.RawURLEncoding.EncodeToString(sum[:16]),
		compressed:  sync.OnceValue(func() []byte { return compress(body) }),
	}
}

// ServeHTTP sends the file. A client may cache the file but must revalidate it before each use
// (Cache-Control: no-cache), so an upgrade of the server takes effect at once. The gzip version
// consists of other bytes, so it has its own strong ETag (RFC 9110, section 8.8.3.3).
func (a *Asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept-Encoding")

	body, tag := a.body, a.tag
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		body, tag = a.compressed(), a.tag+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+tag+`"`)
	// The modification time is zero, since embedded files have none. Clients revalidate with the
	// ETag.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// compress returns body compressed with gzip. It ignores errors, because writing to memory at a
// valid level can't fail.
func compress(body []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}

// acceptsGzip reports whether the client accepts gzip: the Accept-Encoding headers (RFC 9110,
// section 12.5.3) name gzip with a weight other than 0.
func acceptsGzip(fields []string) bool {
	for coding := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		name, parameter, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		weight, weighted := strings.CutPrefix(strings.TrimSpace(strings.ToLower(parameter)), "q=")
		if !weighted {
			return true
		}
		q, err := strconv.ParseFloat(weight, 64)
		return err == nil && q > 0
	}
	return false
}
