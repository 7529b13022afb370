#!/usr/bin/env python3
"""Run the notebook of tools/python as somebody would, and compare what comes out with what is kept.

    notebook.py NOTEBOOK.ipynb DIRECTORY          run it in DIRECTORY: no cell may fail, and each has
                                                  outputs of the kinds that the notebook keeps
    notebook.py --write NOTEBOOK.ipynb DIRECTORY  the same, and keep the outputs in the notebook"""
import os
import re
import sys

import nbformat
from nbclient import NotebookClient


def kinds(cell):
    """What a cell shows: streams and pictures, each once."""
    found = set()
    for output in cell.get("outputs", []):
        found.update(output.get("data", {}))
        if output.output_type == "stream":
            found.add(output.name)
    return found


def tidy(outputs):
    """Streams in one piece, pictures without their description."""
    found = []
    for output in outputs:
        if output.output_type == "stream" and found and found[-1].get("name") == output.name:
            found[-1].text += output.text
            continue
        if "image/png" in output.get("data", {}):
            output.data = {"image/png": output.data["image/png"]}
            output.metadata = {}
        found.append(output)
    return found


def execute(notebook, directory):
    """Run all cells. A kernel that starts has chosen its ports before it uses them; if another process has taken
    one meanwhile, it dies, and another is started."""
    for more in (2, 1, 0):
        try:
            NotebookClient(notebook, timeout=120,
                           resources={"metadata": {"path": directory}}).execute()
            return
        except RuntimeError as error:
            if more == 0 or "before replying" not in str(error):
                raise


def main():
    path, directory = sys.argv[-2:]
    kept = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    os.environ.update(MPLBACKEND="module://matplotlib_inline.backend_inline", OMP_NUM_THREADS="1",
                      PYDEVD_DISABLE_FILE_VALIDATION="1")
    execute(notebook, directory)

    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = tidy(cell.outputs)
    if sys.argv[1] == "--write":
        nbformat.write(notebook, path)
        return
    for now, before in zip(notebook.cells, kept.cells):
        assert kinds(now) == kinds(before), (now.source, kinds(now), kinds(before))
        assert "stderr" not in kinds(now), now.outputs
    text = open(path).read()
    assert not re.search(r'(?<![\w./-])/(?:home|root|tmp|work|Users)/\w', text), "a path of a machine"


main()
