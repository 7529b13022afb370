#!/usr/bin/python3
"""Everything that spine-eval measures, of several files side by side, as a Markdown table: the one of
"Results" in tools/doc/evaluation.md is `evaluate.py DATA glove.h5 published as_they_are scaled nnse`, a
run's directory each, without its two rows of another space, which spine-eval --space measures.

DATA is a directory with the downloaded data sets; what isn't there is left out, and said:
trec/{train,test}.txt, sst/stsa.binary.{train,dev,test}, 20news-bydate-{train,test}/,
np_bracketing/dataset.txt, wordsim/EN-{WS-353-ALL,RG-65,RW-STANFORD}.txt,
analogy/questions-words.txt, categorization/{ap,essli-2008}.clean.tsv and
wordnet_categories/hypernyms/."""
import argparse
import json
import math
import os
import subprocess
import sys
import time

import harness

CONVERTERS = os.path.join(harness.HERE, "..", "eval-data")
NEWSGROUPS = {"computers": ("comp.sys.ibm.pc.hardware", "comp.sys.mac.hardware"),
              "religion": ("alt.atheism", "soc.religion.christian"),
              "sports": ("rec.sport.baseball", "rec.sport.hockey")}

# What a row says, and where its figure is: group, name, how it is written.
ROWS = [
    ("values below .001", "sparsity", "share below .001", "%"),
    ("values a word", "sparsity", "values a word", "1"),
    ("dead dimensions", "sparsity", "dead dimensions", "0"),
    ("variance explained", "sparsity", "explained variance", "%"),
    ("word intrusion found", "interpretability", "intrusion", "%"),
    ("coherence of top 4 words", "interpretability", "coherence", "3"),
    ("DistRatio", "interpretability", "DistRatio", "2"),
    ("diversity of top words", "interpretability", "diversity", "%"),
    ("category score, lambda 5", "interpretability", "category score, lambda 5", "1"),
    ("WordSim-353", "similarity", "EN-WS-353-ALL", "3"),
    ("RG-65", "similarity", "EN-RG-65", "3"),
    ("Rare Words", "similarity", "EN-RW-STANFORD", "3"),
    ("analogies, 3CosAdd", "analogies", "questions-words, 3CosAdd", "%"),
    ("clusters: AP", "categorization", "ap.clean", "%"),
    ("clusters: ESSLLI 2008", "categorization", "essli-2008.clean", "%"),
    ("newsgroups: computers", "classification", "computers (%s)", "%"),
    ("newsgroups: religion", "classification", "religion (%s)", "%"),
    ("newsgroups: sports", "classification", "sports (%s)", "%"),
    ("TREC, 6 question types", "classification", "trec (%s)", "%"),
    ("SST, 2 sentiments", "classification", "sst (%s)", "%"),
    ("noun phrases, L or R", "classification", "np (%s)", "%"),
]


class Data:
    """The data sets in DATA, turned into what spine-eval reads."""

    def __init__(self, directory, scratch):
        self.directory, self.scratch, self.arguments = directory, scratch, []

    def there(self, *names):
        paths = [os.path.join(self.directory, name) for name in names]
        missing = [path for path in paths if not os.path.exists(path)]
        if missing:
            print("left out: %s isn't there" % missing[0], file=sys.stderr)
        return None if missing else paths

    def convert(self, converter, *arguments):
        subprocess.run([os.path.join(CONVERTERS, converter), *arguments], check=True)
        return arguments[-1]

    def given(self, option, *names):
        for name in names:
            self.arguments += ["%s=%s" % (option, path) for path in self.there(name) or []]

    def pairs(self, *names):
        for name in names:
            for path in self.there(os.path.join("wordsim", name)) or []:
                self.arguments.append("--similarity=" + self.convert(
                    "pairs.sh", path, self.scratch.file(name)))

    def task(self, name, converter, *files):
        paths = self.there(*files)
        if paths:
            texts = [self.convert(converter, path, self.scratch.file("%s%d.txt" % (name, k)))
                     for k, path in enumerate(paths)]
            self.arguments.append("--classify=%s=%s" % (name, ",".join(texts)))

    def newsgroups(self):
        sets = self.there("20news-bydate-train", "20news-bydate-test")
        for name, groups in NEWSGROUPS.items() if sets else ():
            texts = [self.scratch.file("%s%d.txt" % (name, k)) for k in range(len(sets))]
            for path, text in zip(sets, texts):
                self.convert("newsgroups.sh", path, text, *groups)
            self.arguments.append("--classify=%s=%s" % (name, ",".join(texts)))

    def noun_phrases(self):
        for path in self.there("np_bracketing/dataset.txt") or []:
            folds = self.convert("noun-phrases.sh", path, self.scratch.file("np"))
            files = sorted(os.path.join(folds, name) for name in os.listdir(folds))
            self.arguments += ["--features=concat", "--cross-validate=np=" + ",".join(files)]

    def words(self):
        self.given("--categories", "wordnet_categories/hypernyms")
        self.pairs("EN-WS-353-ALL.txt", "EN-RG-65.txt", "EN-RW-STANFORD.txt")
        self.given("--analogies", "analogy/questions-words.txt")
        self.given("--categorization", "categorization/ap.clean.tsv",
                   "categorization/essli-2008.clean.tsv")
        return self.arguments

    def tasks(self):
        self.task("trec", "trec.sh", "trec/train.txt", "trec/test.txt")
        self.task("sst", "sst.sh", *("sst/stsa.binary." + k for k in ("train", "dev", "test")))
        self.newsgroups()
        self.noun_phrases()
        return self.arguments

    def all(self):
        self.words()
        return self.tasks()


def write(figure, form):
    if figure is None or figure["value"] is None:
        return "-"
    factor, digits = (100, 1) if form == "%" else (1, int(form))
    text = "%.*f" % (digits, factor * figure["value"])
    bounds = [figure.get(key) for key in ("low", "high")]
    if None not in bounds and not any(math.isnan(bound) for bound in bounds):
        text += " (%.*f to %.*f)" % (digits, factor * bounds[0], digits, factor * bounds[1])
    return text


def table(files, names, kind):
    lines = [["", *names], ["---"] * (len(names) + 1)]
    for title, group, name, form in ROWS:
        found = [next((m for m in file["measures"] if m["group"] == group and
                       m["name"] == name.replace("%s", kind)), None) for file in files]
        if any(found):
            lines.append([title + (", %" if form == "%" else ""),
                          *(write(figure, form) for figure in found)])
    return "\n".join("| %s |" % " | ".join(line) for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("files", metavar="FILE", nargs="+", help="what spine-eval takes")
    parser.add_argument("--names", help="of the columns, separated by commas [the files' paths]")
    parser.add_argument("--classifier", choices=("logistic", "svm"), default="logistic")
    parser.add_argument("--json", help="keep spine-eval's figures there")
    options = parser.parse_args()
    names = options.names.split(",") if options.names else options.files
    if len(names) != len(options.files):
        sys.exit("%d names for %d files" % (len(names), len(options.files)))
    with harness.Scratch() as scratch:
        command = [harness.program("spine-eval"), *Data(options.data, scratch).all(),
                   "--classifier=" + options.classifier,
                   "--json=" + scratch.file("figures.json"), *options.files]
        begin = time.time()
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            sys.exit(1)
        seconds = time.time() - begin
        with open(scratch.file("figures.json"), encoding="utf-8") as file:
            text = file.read()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            file.write(text)
    print(table(json.loads(text)["files"], names, options.classifier))
    print("\n%.0f s for %d files" % (seconds, len(names)))


if __name__ == "__main__":
    main()
