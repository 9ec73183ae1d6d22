package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Widths of the browser window in CSS pixels: a small phone and a large screen.
const (
	narrow = 360
	wide   = 1920
)

// chromium is the browser process that all tests share. The first test that needs a browser starts it. Each test uses
// its own profile.
var chromium = struct {
	sync.Once
	ctx context.Context
	end func()
	err error
}{end: func() {}}

func startChromium() {
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Env("LC_ALL=C.UTF-8"),
	)
	allocated, endAllocator := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, end := chromedp.NewContext(allocated)
	chromium.ctx, chromium.end = ctx, func() { end(); endAllocator() }
	chromium.err = chromedp.Do(ctx)
}

// browser is a browser profile with one open page, and the console output of that page.
type browser struct {
	t       *testing.T
	ctx     context.Context
	server  *server
	width   int
	scripts bool

	mu      sync.Mutex
	console []string
}

// openBrowser opens a page in a window of the given width, with scripts enabled or disabled. If the page writes to the
// browser's console, the test fails at its end.
func openBrowser(t *testing.T, s *server, width int, scripts bool) *browser {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Fatal("these tests need Chromium. hint: scripts/test-env.sh installs it")
	}
	chromium.Do(startChromium)
	if chromium.err != nil {
		t.Fatalf("start Chromium: %v", chromium.err)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, server: s, width: width, scripts: scripts}
	if err := chromedp.Listen(ctx, b.recordConsole); err != nil {
		t.Fatalf("open a page: %v", err)
	}
	b.run("set the page up",
		devtools(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(width), Height: 900, DeviceScaleFactor: 1, Mobile: width == narrow,
		}),
		devtools(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts}),
		devtools(emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Europe/Paris"}),
	)
	t.Cleanup(func() {
		if text := b.consoleText(); text != "" {
			t.Errorf("the console of the browser is not empty:\n%s", text)
		}
	})
	return b
}

// devtools turns a command of the DevTools protocol into a chromedp action.
func devtools[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

// recordConsole records what the browser's console shows: output of scripts, uncaught exceptions, and messages of the
// browser itself, such as violations of the content security policy.
func (b *browser) recordConsole(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		text, _ := json.Marshal(e.Args)
		b.console = append(b.console, string(e.Type)+" "+string(text))
	case *runtime.EventExceptionThrown:
		b.console = append(b.console, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelVerbose { // hidden by default, and different in each run
			return
		}
		b.console = append(b.console, string(e.Entry.Level)+" "+e.Entry.Text+" "+e.Entry.URL)
	}
}

// consoleText returns the console output so far, without the browser's messages about 4xx responses.
func (b *browser) consoleText() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []string
	for _, line := range b.console {
		if !strings.Contains(line, "Failed to load resource: the server responded with a status of 4") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// run runs steps in the page. It fails the test if a step fails or times out.
func (b *browser) run(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, defaultTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v\nat %s:\n%s", what, err, b.address(), b.text())
	}
}

// runValue runs a step and returns the step's value.
func runValue[T any](b *browser, what string, step chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, defaultTimeout)
	defer cancel()
	value, err := chromedp.Run(ctx, step)
	if err != nil {
		b.t.Fatalf("%s: %v\nat %s:\n%s", what, err, b.address(), b.text())
	}
	return value
}

// visit opens a page of the server.
func (b *browser) visit(path string) {
	b.t.Helper()
	b.run("visit "+path, chromedp.Navigate(b.server.URL+path))
}

// eval returns the value of a JavaScript expression in the page.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	return runValue(b, "evaluate "+expression, chromedp.Evaluate[T](expression))
}

// address returns the path and query of the page's URL.
func (b *browser) address() string { return b.evalText("location.pathname + location.search") }

// text returns the visible text of the page.
func (b *browser) text() string { return b.evalText("document.body.innerText") }

// evalText returns the string value of a JavaScript expression. It returns "" if the evaluation fails.
func (b *browser) evalText(expression string) string {
	ctx, cancel := context.WithTimeout(b.ctx, time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	return text
}

// fill sets the value of the form field with the name. For a <select> it chooses the option with the value.
func (b *browser) fill(name, value string) {
	b.t.Helper()
	selector := fmt.Sprintf("main [name=%q]:not([type=hidden])", name)
	if eval[bool](b, fmt.Sprintf("document.querySelector(%q)?.tagName == 'SELECT'", selector)) {
		b.run("choose "+name, chromedp.SetValue(chromedp.CSS(selector), value))
		return
	}
	b.run("fill "+name, chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), value))
}

// click clicks on the element that the selector matches.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.run("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// press clicks the button or link with the label, and waits until the next page is loaded.
func (b *browser) press(label string) {
	b.t.Helper()
	selector := fmt.Sprintf(`//*[self::button or self::a or self::summary][normalize-space()=%q]`, label)
	ctx, cancel := context.WithTimeout(b.ctx, defaultTimeout)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.NodeVisible)); err != nil {
		b.t.Fatalf("press %s: %v\nat %s:\n%s", label, err, b.address(), b.text())
	}
}

// want fails the test unless the page contains every one of the texts.
func (b *browser) want(texts ...string) {
	b.t.Helper()
	page := b.text()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			b.t.Fatalf("%s does not contain %q:\n%s", b.address(), text, page)
		}
	}
}

// signIn opens the sign-in page and signs in as the user.
func (b *browser) signIn(email, password string) {
	b.t.Helper()
	b.visit("/sign-in")
	b.fill("email", email)
	b.fill("password", password)
	b.press("Sign in")
}

// check checks that no element is wider than the window, and that axe-core finds no violation of WCAG 2.2 AA. It also
// writes a screenshot to .cache/screenshots under the name. The slow checks run only once for each page: with scripts,
// which axe-core needs, and on SQLite.
func (b *browser) check(name string) {
	b.t.Helper()
	const excessWidth = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
	if overflow := eval[int](b, excessWidth); overflow > 0 {
		b.t.Errorf("%s is %d pixels wider than a screen of %d", b.address(), overflow, b.width)
	}
	if !b.scripts || os.Getenv("USHER_TEST_ENGINE") == "postgres" {
		return
	}
	b.screenshot(name)
	for _, violation := range b.accessibilityViolations() {
		b.t.Errorf("%s (%s, %d): %s", b.address(), name, b.width, violation)
	}
}

// screenshot writes a screenshot of the whole page, including the parts outside the window.
func (b *browser) screenshot(name string) {
	b.t.Helper()
	image := runValue(b, "take a screenshot", chromedp.FullScreenshot(100))
	dir := filepath.Join("..", ".cache", "screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, b.width))
	if err := os.WriteFile(file, image, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// axeSource returns the axe-core script that scripts/test-env.sh has downloaded.
var axeSource = sync.OnceValues(func() (string, error) {
	text, err := os.ReadFile(filepath.Join("..", ".cache", "axe-core", "axe.min.js"))
	return string(text), err
})

// accessibilityViolations returns the violations that axe-core finds on the page.
func (b *browser) accessibilityViolations() []string {
	b.t.Helper()
	source, err := axeSource()
	if err != nil {
		b.t.Fatalf("%v. hint: scripts/test-env.sh downloads axe-core", err)
	}
	const check = `;
		axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(found =>
			found.violations.flatMap(v =>
				v.nodes.map(n => v.id + ": " + v.help + ": " + n.html + " " + n.failureSummary)))`
	return runValue(b, "run axe", chromedp.Evaluate[[]string](source+check, chromedp.EvalAwaitPromise))
}
