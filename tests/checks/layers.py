#!/usr/bin/env python3
"""Hold the code to src/layers.txt: the order of the folders, no circles within one, and one door to
each library. Tries itself on made-up trees first, so that it can't pass by seeing nothing."""

import os
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


def read_layers(path):
    """The folders in order, and for each owned header the sources that may include it."""
    folders, owners = [], {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] == "folder" and len(words) == 2:
                folders.append(words[1])
            elif words[0] == "owner" and len(words) >= 3:
                owners[words[1]] = set(words[2:])
            else:
                sys.exit(f"{path}:{number}: expected 'folder NAME' or 'owner HEADER SOURCE...'")
    return folders, owners


def sources(tree):
    """All C files of src, include and tools (benchmarks and simulation aside), relative to tree."""
    found = []
    for top in ("src", "include", "tools"):
        for directory, _, names in os.walk(os.path.join(tree, top)):
            found += [os.path.relpath(os.path.join(directory, name), tree)
                      for name in names if name.endswith((".c", ".h"))]
    aside = ("tools/bench/", "tools/simulate/")
    return sorted(path for path in found if not path.startswith(aside))


def module_of(path):
    """'math/model' of src/math/model.c and include/spine/math/model.h; None of a program's main."""
    match = re.fullmatch(r"(?:src|include/spine)/(.+)\.[ch]", path)
    return match.group(1) if match and "/" in match.group(1) else None


def find_circle(uses):
    """A list of modules, each of which includes the next and the last the first; or None."""
    state, trail = {}, []

    def visit(module):
        state[module] = "open"
        trail.append(module)
        for used in sorted(uses.get(module, ())):
            if state.get(used) == "open":
                return trail[trail.index(used):]
            if used not in state:
                circle = visit(used)
                if circle:
                    return circle
        trail.pop()
        state[module] = "done"
        return None

    for module in sorted(uses):
        if module not in state:
            circle = visit(module)
            if circle:
                return circle
    return None


def check_tree(tree, folders, owners):
    """A list of complaints, each a line."""
    complaints, uses = [], {}
    for path in sources(tree):
        module = module_of(path)
        is_main = module is None
        if is_main and path != "src/spine-mpi.c" and not re.fullmatch(r"tools/(examples/)?[^/]+\.c", path):
            complaints.append(f"{path}: is in no folder of src/layers.txt")
            continue
        folder = None if is_main else module.split("/")[0]
        if folder is not None and folder not in folders:
            complaints.append(f"{path}: folder '{folder}' is not in src/layers.txt")
            continue
        with open(os.path.join(tree, path), encoding="utf-8") as file:
            text = file.read()
        for quote, header in INCLUDE.findall(text):
            if header in owners and path not in owners[header]:
                complaints.append(
                    f"{path}: only {', '.join(sorted(owners[header]))} may include {header}")
            ours = re.fullmatch(r"spine/(\w+)/(\w+)\.h", header)
            if ours is None:
                if quote == '"':
                    complaints.append(f"{path}: includes {header}: expected spine/FOLDER/MODULE.h")
                continue
            used = f"{ours.group(1)}/{ours.group(2)}"
            if ours.group(1) not in folders:
                complaints.append(f"{path}: folder '{ours.group(1)}' is not in src/layers.txt")
            elif is_main or used == module:
                continue
            elif folders.index(ours.group(1)) > folders.index(folder):
                complaints.append(f"{path}: {folder} may not include {used}.h, which is listed after it")
            elif ours.group(1) == folder:
                uses.setdefault(module, set()).add(used)
    circle = find_circle(uses)
    if circle:
        complaints.append(f"circle of includes: {' -> '.join(circle + circle[:1])}")
    return complaints


def try_on(wanted, files, folders, owners):
    """A tree of these files must give the wanted complaint, or none where wanted is ''."""
    with tempfile.TemporaryDirectory() as tree:
        for path, include in files.items():
            os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
            with open(os.path.join(tree, path), "w", encoding="utf-8") as file:
                file.write(f"#include {include}\n")
        said = check_tree(tree, folders, owners)
    if (not wanted and said) or (wanted and not any(wanted in line for line in said)):
        sys.exit(f"layers.py doesn't check: {files}: expected '{wanted}', got {said}")


def try_itself():
    folders = ["base", "math", "train"]
    owners = {"mpi.h": {"src/math/comm.c"}}
    cases = [
        ("", {"src/math/model.c": '"spine/math/model.h"'}),
        ("", {"src/math/model.c": '"spine/base/error.h"'}),
        ("", {"src/math/comm.c": "<mpi.h>"}),
        ("", {"src/spine-mpi.c": '"spine/train/train.h"'}),
        ("", {"src/math/a.c": '"spine/math/b.h"', "src/math/b.c": '"spine/base/c.h"'}),
        ("math may not include train/train.h", {"src/math/model.c": '"spine/train/train.h"'}),
        ("math may not include train/train.h",
         {"src/math/model.c": '<spine/train/train.h> /* "why" */'}),
        ("base may not include math/model.h",
         {"include/spine/base/error.h": '"spine/math/model.h"'}),
        ("circle of includes: math/a -> math/b -> math/a",
         {"src/math/a.c": '"spine/math/b.h"', "include/spine/math/b.h": '"spine/math/a.h"'}),
        ("only src/math/comm.c may include mpi.h", {"src/train/train.c": "<mpi.h>"}),
        ("only src/math/comm.c may include mpi.h", {"tools/spine-top.c": '"mpi.h"'}),
        ("folder 'utils' is not in src/layers.txt", {"src/utils/a.c": "<stdio.h>"}),
        ("folder 'utils' is not in src/layers.txt", {"src/math/a.c": '"spine/utils/a.h"'}),
        ("is in no folder", {"src/utils.c": "<stdio.h>"}),
        ("expected spine/FOLDER/MODULE.h", {"src/train/train.c": '"../src/comm.c"'}),
    ]
    for wanted, files in cases:
        try_on(wanted, files, folders, owners)


def main():
    try_itself()
    tree = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    folders, owners = read_layers(os.path.join(tree, "src", "layers.txt"))
    complaints = check_tree(tree, folders, owners)
    for folder in sorted(os.listdir(os.path.join(tree, "src"))):
        if os.path.isdir(os.path.join(tree, "src", folder)) and folder not in folders:
            complaints.append(f"src/{folder}: is not in src/layers.txt")
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
