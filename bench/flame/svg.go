package main

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// Sizes of the drawing, in pixels.
const (
	width, rowHeight = 1200, 16
	headHeight       = 44 // height of the title and the legend
	charWidth        = 6.2
	minWidth         = 2.0 // narrower frames are left out
)

// legend assigns a category and a colour to each frame: those of the first entry whose pattern matches the function.
var legend = []struct {
	category, colour string
	pattern          *regexp.Regexp
}{
	{"Usher's storage", "#f3d26b", regexp.MustCompile(`/usher/internal/(sqlstore|sqldb|dbmove)`)},
	{"Usher", "#f6a55b", regexp.MustCompile(`/usher/(internal|cmd)/`)},
	{"database and driver", "#8fc98b", regexp.MustCompile(`^(database/sql|modernc\.org|github\.com/jackc/pgx)`)},
	{"password hash", "#e2786f", regexp.MustCompile(`argon2|blake2b`)},
	{"net/http", "#8db8e8", regexp.MustCompile(`^(net/|net\.|net/textproto|bufio|internal/poll)`)},
	{"JSON and log", "#c4a6e0", regexp.MustCompile(`json|^log/slog|^encoding`)},
	{
		"runtime and system", "#c9c9c9",
		regexp.MustCompile(`^(runtime|syscall|internal/runtime|gcWriteBarrier|memeq|aeshash)`),
	},
	{"other", "#e6ddd0", regexp.MustCompile(``)},
}

// typeParameters matches the type parameters in a function name. They contain paths of other packages, which must not
// decide the category.
var typeParameters = regexp.MustCompile(`\[.*\]`)

// draw returns the flame graph as SVG, with the outermost frames on top.
func draw(tree *frame, title string) string {
	var body strings.Builder
	g := graph{out: &body, scale: width / float64(tree.value)}
	x := 0.0
	for _, f := range tree.sortedCallees() {
		x += g.drawFrame(f, x, 0)
	}
	height := headHeight + (g.depth+1)*rowHeight
	var all strings.Builder
	fmt.Fprintf(&all, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d"`+
		` font-family="Verdana, DejaVu Sans, sans-serif" font-size="10">`+"\n", width, height)
	fmt.Fprintf(&all, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	fmt.Fprintf(&all, `<text x="4" y="15" font-size="13" font-weight="bold">%s</text>`+"\n", html.EscapeString(title))
	x = 4
	for _, c := range legend {
		fmt.Fprintf(&all, `<rect x="%.0f" y="24" width="11" height="11" fill="%s"/>`, x, c.colour)
		fmt.Fprintf(&all, `<text x="%.0f" y="33">%s</text>`+"\n", x+15, c.category)
		x += 30 + charWidth*float64(len(c.category))
	}
	return all.String() + body.String() + "</svg>\n"
}

// graph holds the state of a flame graph while it is drawn.
type graph struct {
	out   *strings.Builder
	scale float64 // pixels for each unit of time
	depth int     // number of the deepest row so far
}

// drawFrame draws a frame and its callees, and returns its width.
func (g *graph) drawFrame(f *frame, x float64, depth int) float64 {
	w := float64(f.value) * g.scale
	if w < minWidth {
		return w
	}
	g.depth = max(g.depth, depth)
	path := typeParameters.ReplaceAllString(f.name, "")
	name := path[strings.LastIndexByte(path, '/')+1:]
	y := headHeight + depth*rowHeight
	fmt.Fprintf(g.out, `<g><title>%s: %.1f %%</title>`, html.EscapeString(name), 100*w/width)
	fmt.Fprintf(g.out, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s" stroke="#fff" stroke-width="0.5"/>`,
		x, y, w, rowHeight-1, colour(path))
	if chars := int((w - 4) / charWidth); chars >= 4 {
		if len(name) > chars {
			name = name[:chars-2] + ".."
		}
		fmt.Fprintf(g.out, `<text x="%.1f" y="%d">%s</text>`, x+2, y+rowHeight-5, html.EscapeString(name))
	}
	fmt.Fprintln(g.out, `</g>`)
	calleeX := x
	for _, c := range f.sortedCallees() {
		calleeX += g.drawFrame(c, calleeX, depth+1)
	}
	return w
}

// colour returns the colour of a function. The name of the function includes the path of its package.
func colour(function string) string {
	for _, c := range legend {
		if c.pattern.MatchString(function) {
			return c.colour
		}
	}
	return ""
}
