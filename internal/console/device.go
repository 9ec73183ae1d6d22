package console

import "strings"

// What browsers and systems have in their User-Agent (RFC 9110, section 10.1.5), by the
// name that people know them under. Many name others as well, to be taken for them: so
// the first that is found is the right one.
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

// device says what a client is as people do: "Firefox on Linux". Of what is no browser
// it says the name that the client has given itself: "usher/1.4".
func (q *request) device(userAgent string) string {
	if !strings.HasPrefix(userAgent, "Mozilla/") { // as all browsers begin
		name, _, _ := strings.Cut(userAgent, " ")
		if name == "" {
			return q.say("Unknown")
		}
		return name
	}
	browser, system := q.say("A browser"), ""
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
	return q.say("%s on %s", browser, system)
}
