#!/usr/bin/env python3
"""Run the snippets of a document, each as it is written, here.

    snippets.py FILE.md

Those whose library isn't installed are left out, which is said; R's need Rscript."""
import importlib.util
import re
import shutil
import subprocess
import sys


def is_missing(name, text):
    """Is what a snippet needs not installed? Then say so."""
    if name == "r":
        missing = [] if shutil.which("Rscript") else ["Rscript"]
    else:
        modules = re.findall(r"^(?:import|from) (\w+)", text, re.M)
        missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        print(f"SKIPPED: there is no {missing[0]}: ITS SNIPPET IS NOT CHECKED", file=sys.stderr)
    return bool(missing)


def main():
    done = 0
    snippets = re.findall(r"^```(python|r)\n(.*?)^```$", open(sys.argv[1]).read(), re.M | re.S)
    for language, text in snippets:
        if is_missing(language, text):
            continue
        print(text, flush=True)  # so that a failure shows where
        if language == "r":
            subprocess.run(["Rscript", "-e", text], check=True)
        else:  # in one process: some libraries take long to load
            exec(compile(text, "snippet", "exec"), {"__name__": "__main__"})
        done += 1
    assert done >= 2, done


main()
