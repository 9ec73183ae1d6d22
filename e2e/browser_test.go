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

// The widths at which pages are looked at, in pixels of CSS: a small telephone and a
// large screen.
const (
	narrow = 360
	wide   = 1920
)

// chromium is the one browser of all tests, started when the first needs it. Each test
// has a profile of its own in it.
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

// browser is a person's browser: a profile and one page in it, with what the page wrote
// to the console.
type browser struct {
	t       *testing.T
	ctx     context.Context
	server  *server
	width   int
	scripts bool

	mu      sync.Mutex
	console []string
}

// openBrowser opens a browser of a width, in which scripts run or do not. What a page
// writes to the console fails the test at its end.
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
	if err := chromedp.Listen(ctx, b.hear); err != nil {
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
		if said := b.said(); said != "" {
			t.Errorf("the console of the browser is not empty:\n%s", said)
		}
	})
	return b
}

// devtools is a command of the DevTools protocol as a step.
func devtools[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

// hear keeps what is written to the console: by a script, by a failure, or by the
// browser itself, about its policies for instance.
func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		text, _ := json.Marshal(e.Args)
		b.console = append(b.console, string(e.Type)+" "+string(text))
	case *runtime.EventExceptionThrown:
		b.console = append(b.console, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelVerbose { // hints that browsers do not show unless asked to, and give by chance
			return
		}
		b.console = append(b.console, string(e.Entry.Level)+" "+e.Entry.Text+" "+e.Entry.URL)
	}
}

// said returns what was written to the console so far. A page that was answered with a
// status of failure is not a fault of the page.
func (b *browser) said() string {
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

// run does something in the page, and fails the test when it does not come about.
func (b *browser) run(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v\nat %s:\n%s", what, err, b.address(), b.text())
	}
}

// get is run for a step that has a value.
func get[T any](b *browser, what string, step chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
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

// eval returns the value of an expression of JavaScript in the page.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	return get(b, "evaluate "+expression, chromedp.Evaluate[T](expression))
}

// address is the path of the page, with its query.
func (b *browser) address() string { return b.glance("location.pathname + location.search") }

// text is what can be read on the page.
func (b *browser) text() string { return b.glance("document.body.innerText") }

// glance is eval for a text, and "" where there is none.
func (b *browser) glance(expression string) string {
	ctx, cancel := context.WithTimeout(b.ctx, time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	return text
}

// fill types a value into the field of a name, in place of what is there. A list to
// choose from takes the value of one of its options.
func (b *browser) fill(name, value string) {
	b.t.Helper()
	selector := fmt.Sprintf("main [name=%q]:not([type=hidden])", name)
	if eval[bool](b, fmt.Sprintf("document.querySelector(%q)?.tagName == 'SELECT'", selector)) {
		b.run("choose "+name, chromedp.SetValue(chromedp.CSS(selector), value))
		return
	}
	b.run("fill "+name, chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), value))
}

// click clicks on what a selector finds.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.run("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// press sends a form, or follows a link, by clicking on the button or link with these
// words, and returns when the next page is there.
func (b *browser) press(words string) {
	b.t.Helper()
	selector := fmt.Sprintf(`//*[self::button or self::a or self::summary][normalize-space()=%q]`, words)
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.NodeVisible)); err != nil {
		b.t.Fatalf("press %s: %v\nat %s:\n%s", words, err, b.address(), b.text())
	}
}

// want fails the test unless the page says each of the texts.
func (b *browser) want(texts ...string) {
	b.t.Helper()
	said := b.text()
	for _, text := range texts {
		if !strings.Contains(said, text) {
			b.t.Fatalf("%s does not say %q:\n%s", b.address(), text, said)
		}
	}
}

// signIn signs in, from wherever the browser is.
func (b *browser) signIn(email, password string) {
	b.t.Helper()
	b.visit("/sign-in")
	b.fill("email", email)
	b.fill("password", password)
	b.press("Sign in")
}

// look looks at the page as it is: nothing is wider than the screen, and axe finds no
// violation of WCAG 2.2 AA. A picture of it goes to .cache/screenshots under the name.
// What takes long is left out where the page is the same: without scripts, where axe
// could not run either, and on the other engine.
func (b *browser) look(name string) {
	b.t.Helper()
	if overflow := eval[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); overflow > 0 {
		b.t.Errorf("%s is %d pixels wider than a screen of %d", b.address(), overflow, b.width)
	}
	if !b.scripts || os.Getenv("USHER_TEST_ENGINE") == "postgres" {
		return
	}
	b.picture(name)
	for _, violation := range b.axe() {
		b.t.Errorf("%s (%s, %d): %s", b.address(), name, b.width, violation)
	}
}

// picture writes a picture of the whole page.
func (b *browser) picture(name string) {
	b.t.Helper()
	image := get(b, "take a picture", chromedp.FullScreenshot(100))
	directory := filepath.Join("..", ".cache", "screenshots")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, fmt.Sprintf("%s-%d.png", name, b.width)), image, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// axeSource is the script of axe-core, which scripts/test-env.sh fetches.
var axeSource = sync.OnceValues(func() (string, error) {
	text, err := os.ReadFile(filepath.Join("..", ".cache", "axe-core", "axe.min.js"))
	return string(text), err
})

// axe returns what axe-core finds wrong with the page.
func (b *browser) axe() []string {
	b.t.Helper()
	source, err := axeSource()
	if err != nil {
		b.t.Fatalf("%v. hint: scripts/test-env.sh fetches axe-core", err)
	}
	const check = `;axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(found =>
		found.violations.flatMap(v => v.nodes.map(n => v.id + ": " + v.help + ": " + n.html + " " + n.failureSummary)))`
	return get(b, "run axe", chromedp.Evaluate[[]string](source+check, chromedp.EvalAwaitPromise))
}
