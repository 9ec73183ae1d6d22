package main

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// Sizes, in pixels.
const (
	width, rowHeight = 1200, 16
	head             = 44 // for the title and the colours
	letter           = 6.2
	narrowest        = 2.0 // what is narrower is left out
)

// colours tell whose code a frame is. The first that matches counts.
var colours = []struct {
	what, colour string
	name         *regexp.Regexp
}{
	{"Usher", "#f6a55b", regexp.MustCompile(`/usher/(internal|cmd)/(account|access|httpapi|throttle|token|passhash|keyring|secret|steady|usher|config)`)},
	{"its storage", "#f3d26b", regexp.MustCompile(`/usher/internal/(sqlstore|sqldb)`)},
	{"database and driver", "#8fc98b", regexp.MustCompile(`^(database/sql|modernc\.org|github\.com/jackc/pgx)`)},
	{"password hash", "#e2786f", regexp.MustCompile(`argon2|blake2b`)},
	{"net/http", "#8db8e8", regexp.MustCompile(`^(net/|net\.|net/textproto|bufio|internal/poll)`)},
	{"JSON and log", "#c4a6e0", regexp.MustCompile(`json|^log/slog|^encoding`)},
	{"runtime and system", "#c9c9c9", regexp.MustCompile(`^(runtime|syscall|internal/runtime|gcWriteBarrier|memeq|aeshash)`)},
	{"other", "#e6ddd0", regexp.MustCompile(``)},
}

// typeParameters have the paths of other packages in them.
var typeParameters = regexp.MustCompile(`\[.*\]`)

// draw writes a flame graph with the outermost frames on top.
func draw(tree *frame, title string) string {
	var body strings.Builder
	g := graph{out: &body, unit: width / float64(tree.value)}
	x := 0.0
	for _, f := range tree.children() {
		x += g.frame(f, x, 0)
	}
	height := head + (g.depth+1)*rowHeight
	var all strings.Builder
	fmt.Fprintf(&all, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="Verdana, DejaVu Sans, sans-serif" font-size="10">`+"\n", width, height)
	fmt.Fprintf(&all, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	fmt.Fprintf(&all, `<text x="4" y="15" font-size="13" font-weight="bold">%s</text>`+"\n", html.EscapeString(title))
	x = 4
	for _, c := range colours {
		fmt.Fprintf(&all, `<rect x="%.0f" y="24" width="11" height="11" fill="%s"/><text x="%.0f" y="33">%s</text>`+"\n", x, c.colour, x+15, c.what)
		x += 30 + letter*float64(len(c.what))
	}
	return all.String() + body.String() + "</svg>\n"
}

// graph is one under way.
type graph struct {
	out   *strings.Builder
	unit  float64 // pixels for each unit of time
	depth int     // the deepest row so far
}

// frame draws one and what it called, and returns its width.
func (g *graph) frame(f *frame, x float64, depth int) float64 {
	w := float64(f.value) * g.unit
	if w < narrowest {
		return w
	}
	g.depth = max(g.depth, depth)
	path := typeParameters.ReplaceAllString(f.name, "")
	name := path[strings.LastIndexByte(path, '/')+1:]
	y := head + depth*rowHeight
	fmt.Fprintf(g.out, `<g><title>%s: %.1f %%</title><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s" stroke="#fff" stroke-width="0.5"/>`,
		html.EscapeString(name), 100*w/width, x, y, w, rowHeight-1, colour(path))
	if room := int((w - 4) / letter); room >= 4 {
		if len(name) > room {
			name = name[:room-2] + ".."
		}
		fmt.Fprintf(g.out, `<text x="%.1f" y="%d">%s</text>`, x+2, y+rowHeight-5, html.EscapeString(name))
	}
	fmt.Fprintln(g.out, `</g>`)
	inner := x
	for _, c := range f.children() {
		inner += g.frame(c, inner, depth+1)
	}
	return w
}

func colour(name string) string {
	for _, c := range colours {
		if c.name.MatchString(name) {
			return c.colour
		}
	}
	return ""
}
