"""The lists of options and of metrics that people read are those of the programs.

    tables.py SOURCE PRINTED MANUALS METRICS REPORT SCORES

PRINTED is what spine-mpi --print-config printed, MANUALS a directory of PROGRAM.help and
PROGRAM.man, METRICS a run's metrics.jsonl, REPORT its page, SCORES what spine-sweep says of an
unknown score. Prints what differs; exit status 1 if anything does. (That TensorBoard's events
are those of metrics.jsonl, tensorboard.sh checks.)"""
import json
import os
import re
import sys


def complain(complaints, what, missing, more):
    """missing: known to the programs only; more: the other way round."""
    for name in sorted(missing):
        complaints.append(f"{what}: {name} is missing")
    for name in sorted(more):
        complaints.append(f"{what}: {name} is not known to the programs")


def printed_options(path):
    """{section.key: default} of --print-config, where each option follows its comment; and
    {(section.key, objective): default} of the objectives that have another."""
    options, by_objective, section, comment = {}, {}, None, ""
    with open(path, encoding="utf-8") as file:
        for line in map(str.strip, file):
            if line.startswith("["):
                section = line[1:-1]
            elif line.startswith(";"):
                comment = line
            elif "=" in line:
                key, value = (part.strip() for part in line.split("=", 1))
                default, *others = re.search(r"default: (.*)$", comment).group(1).split("; ")
                for objectives, other in (text.split(": ") for text in others):
                    for objective in objectives.split(", "):
                        by_objective[f"{section}.{key}", objective] = other
                if default == "none, required" or (default == "none" and value == ""):
                    default = ""
                options[f"{section}.{key}"] = default
                default = by_objective.get((f"{section}.{key}", options.get("model.objective")), default)
                if default != value and not same_number(default, value):
                    sys.exit(f"--print-config: {section}.{key} is {value}, default: {default}")
                comment = ""
    return options, by_objective


def same_number(one, other):
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def documents(source):
    """README and what it links to, as one text."""
    doc = os.path.join(source, "tools/doc")
    names = [os.path.join(source, "README.md")]
    names += [os.path.join(doc, name) for name in sorted(os.listdir(doc)) if name.endswith(".md")]
    texts = []
    for name in names:
        with open(name, encoding="utf-8") as file:
            texts.append(file.read())
    return "\n\n".join(texts)


def described_options(text):
    """{section.key: default} of the documents' table; a row may have several options."""
    options = {}
    for names, defaults in re.findall(r"^\| ((?:(?:data|model|loss|train|parallel|output)\.(?!h5)\w+,? )+)\|([^|]*)\|",
                                      text, re.M):
        names = [name.strip() for name in names.split(",")]
        defaults = [re.sub(r" \(nnse: .*\)$", "", default.strip()) for default in defaults.split(",")]
        if len(names) != len(defaults):
            sys.exit(f"documents: {names} have {len(defaults)} defaults")
        for name, default in zip(names, defaults):
            if name in options:
                sys.exit(f"documents: {name} is in two rows")
            options[name] = default
    return options


def described_recipes(text):
    """{section.key: general default} and {(section.key, objective): default} of the table of "Defaults
    by objective"."""
    table = re.search(r"^#+ Defaults by objective\n.*?^\|---.*?\n(.*?)\n\n", text, re.M | re.S).group(1)
    general, recipes = {}, {}
    for line in table.split("\n"):
        name, general_default, rest = (cell.strip(" `") for cell in line.strip("|").split("|"))
        general[name] = general_default
        for part in rest.split("; "):
            objectives, value = part.split(": ")
            recipes.update({(name, objective): value for objective in objectives.split(", ")})
    return general, recipes


def code_options(source):
    """The names of config.c's table."""
    with open(os.path.join(source, "src/config/config.c"), encoding="utf-8") as file:
        text = file.read()
    table = text[text.index("options[] = {"):]
    return set(re.findall(r'^    \{"(\w+\.\w+)",', table[:table.index("\n};")], re.M))


def check_options(source, printed, text, complaints):
    (options, by_objective), described = printed_options(printed), described_options(text)
    code = code_options(source)
    complain(complaints, "--print-config", code - options.keys(), options.keys() - code)
    complain(complaints, "the documents' options", options.keys() - described.keys(),
             described.keys() - options.keys())
    for name in sorted(options.keys() & described.keys()):
        if options[name] != described[name] and not same_number(options[name], described[name]):
            complaints.append(f"the documents' options: {name}: default {described[name]},"
                              f" the program has {options[name]}")
    general, recipes = described_recipes(text)
    told = {(name, "all"): value for name, value in general.items()} | recipes
    expected = {(name, "all"): options[name] for name, _ in by_objective} | by_objective
    for key in sorted(told.keys() | expected.keys()):
        if told.get(key) != expected.get(key):
            complaints.append(f"the documents' defaults by objective: {' of '.join(key)}:"
                              f" {told.get(key)}, the program has {expected.get(key)}")
    # Any option that they name exists.
    sections = "|".join(sorted({name.split(".")[0] for name in options}))
    for name in set(re.findall(rf"`(?:\w+=)?((?:{sections})\.\w+)(?: = [^`]*)?`", text)):
        if name not in options and not re.search(r"\.(h5|jsonl|html|ini|txt|tsv|py|sbatch)$", name):
            complaints.append(f"the documents name the option {name}, which isn't one")


def check_manuals(directory, text, complaints):
    """Help and man page have the same options; the documents name none that isn't there."""
    known = {"--help", "--version"}
    for name in sorted(os.listdir(directory)):
        program, kind = os.path.splitext(name)
        if kind != ".help":
            continue
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            said = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", file.read()))
        known |= said
        manual = os.path.join(directory, program + ".man")
        if os.path.exists(manual):
            with open(manual, encoding="utf-8") as file:
                shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", file.read()))
            complain(complaints, f"{program}.1", said - shown, shown - said)
        # The documents' examples of this program: "    spine-top run --dimension 93   # ..."
        for line in re.findall(rf"^    (?:\$ )?(?:mpirun.* )?(?:build/bin/)?{program} (.*)$", text,
                               re.M):
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", line.split(" #")[0]):
                if option not in said:
                    complaints.append(f"documents: {program} has no option {option}")


def described_metrics(text):
    """The names of the paragraph about metrics.jsonl."""
    paragraph = re.search(r"^## metrics\.jsonl\n\n(.*?)\n\n", text, re.M | re.S).group(1)
    return set(re.findall(r"`(\w+)`", paragraph))


def code_metrics(source):
    """The fields of struct spine_metrics that a run with rows held out and silent units writes."""
    with open(os.path.join(source, "include/spine/files/metrics.h"), encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    body = re.search(r"struct spine_metrics \{(.*?)\n\};", text, re.S).group(1)
    fields = re.findall(r"(\w+)\s*[,;]", body)
    optional = {"evaluated", "has_held_out", "has_aux", "start_from"}
    return {name for name in fields if name not in optional}


def check_metrics(source, metrics, report, scores, text, complaints):
    with open(metrics, encoding="utf-8") as file:
        epochs = [json.loads(line) for line in file]
    written = set(epochs[-1])
    if not any(set(epoch) < written for epoch in epochs):
        complaints.append("metrics.jsonl: no epoch without measures, so they aren't told apart")
    complain(complaints, "metrics.jsonl", code_metrics(source) - written,
             written - code_metrics(source))
    complain(complaints, "the documents' metrics", written - described_metrics(text),
             described_metrics(text) - written)
    with open(report, encoding="utf-8") as file:
        page = file.read()
    complain(complaints, "the report", {name for name in written if f'"{name}":' not in page}, ())
    with open(scores, encoding="utf-8") as file:
        listed = set(re.findall(r"\w+", re.split(r"there are|one of", file.read())[-1]))
    judged = {"intrusion", "coherence", "distratio", "diversity"}  # what spine-eval measures
    complain(complaints, "scores of sweeps", ({"total", "explained_variance"} | judged) - listed,
             listed - written - judged)


def main():
    source, printed, manuals, metrics, report, scores = sys.argv[1:]
    complaints = []
    text = documents(source)
    check_options(source, printed, text, complaints)
    check_manuals(manuals, text, complaints)
    check_metrics(source, metrics, report, scores, text, complaints)
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
