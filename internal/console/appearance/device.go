package appearance

import (
	"strings"
)

// The marks that identify browsers and operating systems in a User-Agent (RFC 9110, section
// 10.1.5). For compatibility, many browsers also send the marks of other browsers. The first match
// in these lists therefore decides.
var (
	browserMarks = []struct{ mark, name string }{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"FxiOS/", "Firefox"},
		{"Firefox/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chromium/", "Chromium"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
	}
	systemMarks = []struct{ mark, name string }{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"CrOS", "ChromeOS"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"Linux", "Linux"},
	}
)

// Device returns a short name for a client, such as "Firefox on Linux". A client that is not a
// browser is named by the first product in its User-Agent, such as "usher/1.4".
func (a *Appearance) Device(userAgent string) string {
	if !strings.HasPrefix(userAgent, "Mozilla/") { // every browser's User-Agent begins with it
		name, _, _ := strings.Cut(userAgent, " ")
		if name == "" {
			return a.Tr("Unknown")
		}
		return name
	}
	browser, system := a.Tr("A browser"), ""
	for _, b := range browserMarks {
		if strings.Contains(userAgent, b.mark) {
			browser = b.name
			break
		}
	}
	for _, s := range systemMarks {
		if strings.Contains(userAgent, s.mark) {
			system = s.name
			break
		}
	}
	if system == "" {
		return browser
	}
	return a.Tr("%s on %s", browser, system)
}
