// Package asset serves the few files that the web pages need, style sheets and
// scripts, from memory. It imports the standard library alone.
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

// Asset is one file, ready to be served at any path. It answers conditional
// and range requests and compresses for clients that accept gzip.
type Asset struct {
	contentType string
	body        []byte
	tag         string
	compressed  func() []byte
}

// New makes an asset of body, which must not change afterwards.
func New(contentType string, body []byte) *Asset {
	sum := sha256.Sum256(body)
	return &Asset{
		contentType: contentType,
		body:        body,
		tag:         base64.RawURLEncoding.EncodeToString(sum[:16]),
		compressed:  sync.OnceValue(func() []byte { return compress(body) }),
	}
}

// ServeHTTP writes the file. Clients may keep it but ask each time whether it
// is still the one (Cache-Control: no-cache), so an upgrade shows at once. The
// two encodings are different bytes and so carry different strong ETags
// (RFC 9110, section 8.8.3.3).
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
	// No time of change: embedded files have none, and the ETag says more.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// compress cannot fail: it writes to memory at a level that exists.
func compress(body []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3) as far as it
// concerns gzip: named, and not with the weight 0.
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
