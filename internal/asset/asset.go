// Package asset serves static files of web pages from memory, such as style sheets and
// scripts.
//
// The package imports the standard library.
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

// Asset serves a file. It answers conditional and range requests, and compresses the file for
// clients that accept gzip. It may be used by many goroutines at once.
type Asset struct {
	contentType string
	body        []byte
	tag         string
	compressed  func() []byte
}

// New returns an asset with a body, which the caller must not change afterwards.
func New(contentType string, body []byte) *Asset {
	sum := sha256.Sum256(body)
	return &Asset{
		contentType: contentType,
		body:        body,
		tag:         base64.RawURLEncoding.EncodeToString(sum[:16]),
		compressed:  sync.OnceValue(func() []byte { return compress(body) }),
	}
}

// ServeHTTP writes the file. Clients may cache it but must revalidate it at each use
// (Cache-Control: no-cache), so an upgrade takes effect at once. The two encodings are
// different bytes, so they have different strong ETags (RFC 9110, section 8.8.3.3).
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
	// Embedded files have no modification time; clients revalidate by the ETag.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// compress ignores errors: it writes to memory at a valid level, which can't fail.
func compress(body []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}

// acceptsGzip reports whether the values of Accept-Encoding (RFC 9110, section 12.5.3) name
// gzip with a weight other than 0.
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
