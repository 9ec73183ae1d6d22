"""Runs examples of a generated API page as they stand, with only host, key, id and body values filled in.

    run_example.py PAGE

PAGE is the Markdown file. Each line of standard input asks for an example, each line of standard output tells what it did, until
the input ends. A line that asks is an object with `operation`, the name in the example's heading, such as api_login_post; `host`;
`key` and `id` where the example has them; `body`, the arguments of the body's constructor; and `prefix`, true to uncomment the line
that sets the prefix of the key. A line that tells is an object: `declared`, the page's return type; `printed`, what the example
printed; `value`, what it printed as a value, where that is a Python literal; `type`, the type of what the call returned.
"""

import ast
import contextlib
import io
import json
import os
import re
import sys

import ad


def section(page, operation):
    """Returns the part of the page that is about the operation."""
    return page.split(f"\n# **{operation}**\n", 1)[1].split("\n# **", 1)[0]


def fill_in(example, values):
    """Puts the values in the place of the generator's placeholders. Nothing else of the example is touched."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in values.get("body", {}).items())
    example = re.sub(r"(= \[?ad\.\w+Body\()(\))", lambda match: match[1] + arguments + match[2], example)
    for placeholder, name in (("'YOUR_API_KEY'", "key"), ("'put-your-api-key-here'", "key"), ("'id_example'", "id")):
        if placeholder in example:
            example = example.replace(placeholder, repr(values[name]))
    if values.get("prefix"):
        example = example.replace("# configuration.api_key_prefix", "configuration.api_key_prefix")
    return example


def run(page, values):
    """Runs the example of an operation, and returns what it did."""
    text = section(page, values["operation"])
    example = re.search(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)[1]

    # The examples use the host that a plain Configuration() has.
    configuration = ad.Configuration()
    configuration.host = values["host"]
    ad.Configuration.set_default(configuration)

    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        exec(compile(fill_in(example, values), values["operation"], "exec"), names)
    outcome = {
        "declared": re.search(r"### Return type\n\n(.*)", text)[1],
        "printed": printed.getvalue(),
        "type": type(names.get("api_response")).__name__,
    }
    with contextlib.suppress(ValueError, SyntaxError):
        outcome["value"] = ast.literal_eval(outcome["printed"])
    return outcome


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        page = file.read()
    for line in sys.stdin:
        child = os.fork()  # so that no example finds what another has left, and the client is loaded once
        if child == 0:
            print(json.dumps(run(page, json.loads(line)), default=repr))  # bytes are no JSON
            return
        if os.waitpid(child, 0)[1] != 0:
            sys.exit(1)


main()
