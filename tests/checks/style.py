#!/usr/bin/env python3
"""Check what can be counted of the style: see "Ten rules" in CONTRIBUTING.md.

    tests/checks/style.py          exit status 0, or 1 with a line for each place

A function has at most 60 lines, and at most six parameters unless the comment above it says why
(it then has the word "parameters"). Few functions of 20 lines or more have no blank line. A
failure is returned by an if, not by '? -1 : 0'. No file names a path of somebody's machine, and
the paths that the guide names exist. First it tries itself on made-up sources."""
import os
import re
import sys
import tempfile

MOST_LINES = 60
MOST_PARAMETERS = 6
LONG = 20  # from here on a function needs a blank line
MOST_DENSE = 0.10  # share of the long functions that may have none

TERNARY = re.compile(r"\? -1 : 0\b")
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:work|root|home|Users)/\w")
# Lower case: FOLDER and the like are placeholders.
GUIDE_PATH = re.compile(r"`((?:src|include|tests|tools|slurm|\.ci)/[a-z0-9_./-]*[a-z0-9])`")
BINARY = ("tests/data", "tests/fuzz/seeds", "tests/fuzz/crashes")


class Function:
    """A function's definition in a source."""

    def __init__(self, path, line, head, body, comment):
        self.path, self.line, self.body, self.comment = path, line, body, comment
        self.lines = len(head) + len(body)
        text = " ".join(head)
        self.name = re.search(r"(\w+)\(", text).group(1)
        self.parameters = count_parameters(text[text.index("(") + 1:text.rindex(")")])
        self.is_long = len(body) - 2 >= LONG
        self.is_dense = self.is_long and all(line.strip() for line in body)


def count_parameters(text):
    """The number of parameters; commas in parentheses belong to pointers to functions."""
    depth, count = 0, 1
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        count += character == "," and depth == 0
    return 0 if text.strip() in ("", "void") else count


def functions_of(path, text):
    """The functions of a file in our clang-format style: braces in the first column."""
    lines, found = text.splitlines(), []
    for start, line in enumerate(lines):
        if line != "{":
            continue
        first = start
        while first > 0 and lines[first - 1] and not re.match(r"[}#/]| \*|.*[;/]$", lines[first - 1]):
            first -= 1
        head = lines[first:start]
        if not head or "(" not in "".join(head) or ")" not in "".join(head):
            continue
        end = start + lines[start:].index("}")
        above = first
        while above > 0 and re.match(r"/\*| \*|   .*\*/$", lines[above - 1]):
            above -= 1
        comment = " ".join(lines[above:first])
        found.append(Function(path, first + 1, head, lines[start:end + 1], comment))
    return found


def check_functions(functions):
    """A list of complaints, and the figures, a line."""
    complaints = []
    for function in functions:
        at = f"{function.path}:{function.line}: {function.name}()"
        if function.lines > MOST_LINES:
            complaints.append(f"{at} has {function.lines} lines, at most {MOST_LINES}")
        if function.parameters > MOST_PARAMETERS and "parameters" not in function.comment:
            complaints.append(f"{at} has {function.parameters} parameters, at most"
                              f" {MOST_PARAMETERS} without a reason in the comment above it")
    long = [function for function in functions if function.is_long]
    dense = [f"{function.path}:{function.line}" for function in long if function.is_dense]
    if len(dense) > MOST_DENSE * len(long):
        complaints.append(f"{len(dense)} of {len(long)} functions of {LONG} lines or more have no"
                          f" blank line, at most {100 * MOST_DENSE:.0f} %: {' '.join(dense)}")
    lengths = sorted(function.lines for function in functions) or [0]
    figures = (f"{len(functions)} functions, median {lengths[len(lengths) // 2]} lines, longest"
               f" {lengths[-1]}; most parameters"
               f" {max((f.parameters for f in functions), default=0)}; {len(dense)} of {len(long)}"
               f" with {LONG} lines or more have no blank line")
    return complaints, figures


def files_of(tree):
    """All files of the tree, relative to it, but those that are built or not text."""
    for directory, names, files in os.walk(tree):
        names[:] = sorted(name for name in names if name not in (".git", "quickstart", "__pycache__")
                          and not name.startswith("build"))
        for name in sorted(files):
            path = os.path.relpath(os.path.join(directory, name), tree)
            if not path.startswith(BINARY) and name != ".git":
                yield path


def check_tree(tree):
    """A list of complaints and the figures of src, include and tools."""
    complaints, functions = [], []
    for path in files_of(tree):
        try:
            with open(os.path.join(tree, path), encoding="utf-8") as file:
                text = file.read()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                complaints.append(f"{path}:{number}: names a path of one machine:"
                                  f" {line.strip()}")
            if path.endswith((".c", ".h")) and TERNARY.search(line):
                complaints.append(f"{path}:{number}: return by an if, not by '? -1 : 0'")
        if path == "CONTRIBUTING.md":
            complaints += [f"{path}: there is no {named}"
                           for named in GUIDE_PATH.findall(text)
                           if not os.path.exists(os.path.join(tree, named))]
        if re.match(r"(src|include|tools)/.*\.[ch]$", path):
            functions += functions_of(path, text)
    said, figures = check_functions(functions)
    return complaints + said, figures


def try_on(wanted, path, text):
    """A tree of this file must give the wanted complaint, or none where wanted is ''."""
    with tempfile.TemporaryDirectory() as tree:
        os.makedirs(os.path.dirname(os.path.join(tree, path)) or tree, exist_ok=True)
        with open(os.path.join(tree, path), "w", encoding="utf-8") as file:
            file.write(text)
        said, _ = check_tree(tree)
    if (not wanted and said) or (wanted and not any(wanted in line for line in said)):
        sys.exit(f"style.py doesn't check: expected '{wanted}', got {said}: {text[:200]}")


def try_itself():
    def function(lines, parameters="void", comment="", blank=True):
        body = ["    work();"] * (lines - 3 - blank) + [""] * blank
        return f"{comment}int f({parameters})\n{{\n" + "".join(x + "\n" for x in body) + "}\n"

    seven = "int a, int b, int c, int d,\n      int e, int f, int g"
    path = "src/math/model.c"
    for wanted, at, text in [
            ("", path, function(60)),
            ("f() has 61 lines", path, function(61)),
            ("", path, "int g(void);\n\n" + function(60)),
            ("", path, function(9, "int a, int b, int c, int d, int (*e)(int, int), int f")),
            ("f() has 7 parameters", path, function(9, seven)),
            ("f() has 7 parameters", path, function(9, seven, "/* What it does. */\n")),
            ("", path, function(9, seven, "/* So many parameters as cblas_sgemm(). */\n")),
            ("", path, function(9, seven, "/* It has as\n * many parameters as BLAS. */\n")),
            ("1 of 1 functions", path, function(30, blank=False)),
            ("", path, function(22, blank=False)),
            ("return by an if", path, "int g(int x) { return x ? -1 : 0; }\n"),
            ("", path, "int g(int x) { return x ? -1 : 05; }\n"),
            ("path of one machine", "README.md", "see /" + "work/main\n"),
            ("", "README.md", "see src/home/main, http://a/" + "home/b\n"),
            ("", "CONTRIBUTING.md", "see `CONTRIBUTING.md`, `src`\n"),
            ("there is no src/nowhere.c", "CONTRIBUTING.md", "see `src/nowhere.c`\n")]:
        try_on(wanted, at, text)


def main():
    try_itself()
    complaints, figures = check_tree(
        os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    print("\n".join(complaints + [figures]))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
