// Package completion generates completion scripts for shells from the command line's definition in kong.
package completion

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/seed-3a99a2fe/usher/internal/command"
)

// Cmd is `usher completion`.
type Cmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

// Help returns the text that --help shows below the usage line.
func (Cmd) Help() string {
	return `Examples:
  source <(usher completion bash)
  usher completion bash > ~/.local/share/bash-completion/completions/usher
  usher completion zsh > "${fpath[1]}/_usher"
  usher completion fish > ~/.config/fish/completions/usher.fish`
}

// Run writes the completion script to standard output.
func (cmd *Cmd) Run(e *command.Env, model *kong.Application) error {
	commands := completions(model)
	switch cmd.Shell {
	case "bash":
		return writeBash(e.Stdout, commands)
	case "zsh":
		return writeZsh(e.Stdout, commands)
	default:
		return writeFish(e.Stdout, commands)
	}
}

// completion has the words that can follow a command: its subcommands and its flags.
type completion struct {
	path     string // the command, with a space before each word, such as " users list"; "" for the program itself
	commands []candidate
	flags    []candidate
}

// candidate is a word that can be completed, with its help text.
type candidate struct{ word, help string }

// completions returns the completions of the program and of all commands. A command also accepts the flags of its
// parents.
func completions(model *kong.Application) []completion {
	var all []completion
	var walk func(node *kong.Node, path string)
	walk = func(node *kong.Node, path string) {
		c := completion{path: path}
		for _, child := range node.Children {
			c.commands = append(c.commands, candidate{child.Name, firstSentence(child.Help)})
		}
		for _, level := range node.AllFlags(true) {
			for _, flag := range level {
				c.flags = append(c.flags, candidate{"--" + flag.Name, firstSentence(flag.Help)})
				if flag.Tag.Negatable != "" {
					c.flags = append(c.flags, candidate{"--no-" + flag.Name, firstSentence(flag.Help)})
				}
			}
		}
		all = append(all, c)
		for _, child := range node.Children {
			walk(child, path+" "+child.Name)
		}
	}
	walk(model.Node, "")
	return all
}

func firstSentence(help string) string {
	sentence, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(sentence, ".")
}

func words(candidates []candidate) string {
	list := make([]string, len(candidates))
	for i, c := range candidates {
		list[i] = c.word
	}
	return strings.Join(list, " ")
}

// paths returns the shell pattern of a case statement that matches every command.
func paths(commands []completion) string {
	var list []string
	for _, c := range commands {
		if c.path != "" {
			list = append(list, `"`+c.path+`"`)
		}
	}
	return strings.Join(list, "|")
}

func writeBash(w io.Writer, commands []completion) error {
	var b strings.Builder
	fmt.Fprintf(&b, `# bash completion for usher
_usher() {
    local current=${COMP_WORDS[COMP_CWORD]} at= word commands flags
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$at $word" in
        %s) at="$at $word" ;;
        esac
    done
    case "$at" in
`, paths(commands))
	for _, c := range commands {
		fmt.Fprintf(&b, "    %q) commands=%q flags=%q ;;\n", c.path, words(c.commands), words(c.flags))
	}
	b.WriteString(`    esac
    case "$current" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$commands" -- "$current")) ;;
    esac
}
complete -o default -F _usher usher
`)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeZsh(w io.Writer, commands []completion) error {
	var b strings.Builder
	fmt.Fprintf(&b, `#compdef usher
# zsh completion for usher
_usher() {
    local at= word
    local -a commands flags
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$at $word" in
        %s) at="$at $word" ;;
        esac
    done
    case "$at" in
`, paths(commands))
	for _, c := range commands {
		fmt.Fprintf(&b, "    %q)\n        commands=(%s)\n        flags=(%s)\n        ;;\n",
			c.path, zshList(c.commands), zshList(c.flags))
	}
	b.WriteString(`    esac
    if [[ "${words[CURRENT]}" == -* ]]; then
        _describe flag flags
    elif (( ${#commands} )); then
        _describe command commands
    else
        _files
    fi
}
if [[ "${funcstack[1]}" == _usher ]]; then
    _usher
else
    compdef _usher usher
fi
`)
	_, err := io.WriteString(w, b.String())
	return err
}

func zshList(candidates []candidate) string {
	list := make([]string, len(candidates))
	for i, c := range candidates {
		list[i] = quote(c.word + ":" + strings.ReplaceAll(c.help, ":", `\:`))
	}
	return strings.Join(list, " ")
}

func writeFish(w io.Writer, commands []completion) error {
	var b strings.Builder
	fmt.Fprintf(&b, `# fish completion for usher
function __usher_at
    set -l at ''
    for word in (commandline -opc)[2..]
        switch "$at $word"
            case %s
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
`, strings.ReplaceAll(paths(commands), "|", " "))
	for _, c := range commands {
		for _, sub := range c.commands {
			fmt.Fprintf(&b, "complete -c usher -f -n '__usher_at \"%s\"' -a %s -d %s\n",
				c.path, sub.word, quote(sub.help))
		}
		for _, flag := range c.flags {
			fmt.Fprintf(&b, "complete -c usher -n '__usher_at \"%s\"' -l %s -d %s\n",
				c.path, strings.TrimPrefix(flag.word, "--"), quote(flag.help))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quote returns text in single quotes, as one word for bash, zsh and fish. It replaces single quotes in the text by
// typographic ones.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "’") + "'"
}
