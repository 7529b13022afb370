#!/usr/bin/env python3
"""The documents hold together: links between them lead to files and headings that exist, every
document in tools/doc is linked from README.md, and README.md is short.

Before that it checks that it would notice."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
README_LINES = 300


def anchors(text):
    """The anchors of the headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    found = set()
    for heading in re.findall(r"^#+ +(.*)$", text, re.M):
        found.add(re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-"))
    return found


def links(text):
    """What links and pictures in the text point to, but for addresses. Code ends with its paragraph: a
    single ` may be a word of an example."""
    text = re.sub(r"`(?:(?!\n[ \t]*\n)[^`])*`", "", text)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text)
            if not re.match(r"[a-z]+:", link)]


def check(documents, exists):
    """The complaints about {name: text}; exists says whether there is such a file."""
    complaints = []
    for name, text in sorted(documents.items()):
        for link in links(text):
            path, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
            if not exists(target):
                complaints.append(f"{name}: link to {target}, which doesn't exist")
            elif anchor and anchor not in anchors(documents.get(target, "")):
                complaints.append(f"{name}: link to {target}#{anchor}, a heading that doesn't exist")

    readme = documents.get("README.md", "")
    linked = {link.partition("#")[0] for link in links(readme)}
    for name in sorted(documents):
        if name.startswith("tools/doc/") and name not in linked:
            complaints.append(f"README.md: no link to {name}")
    if readme.count("\n") >= README_LINES:
        complaints.append(f"README.md: {readme.count(chr(10))} lines, expected under {README_LINES}")
    return complaints


def check_itself():
    """Every kind of fault is found, and sound documents pass."""
    sound = {"README.md": "# A b: `c`\n\n    ' ` -\n\n[one](tools/doc/x.md#two-things) [two](#a-b-c) `c`\n",
             "tools/doc/x.md": "## Two things\n[up](../../README.md#a-b-c) `[not](a link)`\n"}
    faults = (("README.md", "[a](tools/doc/no.md) [b](tools/doc/x.md)", "doesn't exist"),
              ("README.md", "[a](tools/doc/x.md#three)", "heading"),
              ("README.md", "# Nothing\n", "no link to"),
              ("tools/doc/x.md", "[a](README.md)", "doesn't exist"),
              ("README.md", "[a](tools/doc/x.md)" + "\n" * README_LINES, "lines"))
    assert not check(sound, sound.__contains__), check(sound, sound.__contains__)
    for name, text, expected in faults:
        said = check({**sound, name: text}, sound.__contains__)
        assert any(expected in line for line in said), (text[:40], said)


def main():
    check_itself()
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others",
                             "--exclude-standard", "*.md"], capture_output=True, text=True)
    if listed.returncode != 0:
        print("SKIPPED: not a git checkout", file=sys.stderr)
        return 77
    documents = {}
    for name in listed.stdout.split():
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            documents[name] = file.read()

    complaints = check(documents, lambda name: os.path.exists(os.path.join(ROOT, name)))
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
