"""Runs the examples of a generated API page unchanged, but for host, key, id and body values.

    run_example.py PAGE

PAGE is the Markdown file. Each line of standard input is a request to run one example. For each request the script
writes a line with the outcome to standard output. Requests and outcomes are JSON objects. The fields of a request:

    operation  the name in the example's heading, such as api_login_post
    host       the URL of the server
    key, id    replace the placeholders, if the example has them
    body       the arguments of the body's constructor
    prefix     true uncomments the line that sets the prefix of the key

The fields of an outcome:

    declared   the return type on the page
    printed    the output of the example
    value      the output as a value, if it is a Python literal
    type       the type of the returned value
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
    """Returns the section of the page that describes the operation."""
    return page.split(f"\n# **{operation}**\n", 1)[1].split("\n# **", 1)[0]


def fill_in(example, values):
    """Replaces the generator's placeholders with the values, and nothing else."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in values.get("body", {}).items())
    example = re.sub(r"(= \[?ad\.\w+Body\()(\))", lambda match: match[1] + arguments + match[2], example)
    for placeholder, name in (("'YOUR_API_KEY'", "key"), ("'put-your-api-key-here'", "key"), ("'id_example'", "id")):
        if placeholder in example:
            example = example.replace(placeholder, repr(values[name]))
    if values.get("prefix"):
        example = example.replace("# configuration.api_key_prefix", "configuration.api_key_prefix")
    return example


def run(page, values):
    """Runs the example of an operation and returns its outcome."""
    text = section(page, values["operation"])
    example = re.search(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)[1]

    # Send the requests to the test's server instead of the host in the default configuration.
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
        child = os.fork()  # a child process isolates each example; the client is loaded only once
        if child == 0:
            print(json.dumps(run(page, json.loads(line)), default=repr))  # bytes have no JSON form
            return
        if os.waitpid(child, 0)[1] != 0:
            sys.exit(1)


main()
