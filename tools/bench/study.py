#!/usr/bin/python3
"""Which objective and settings make the best codes? Trains every setting with several seeds, and judges
all of them by what none was tuned on, as a Markdown table and a picture.

SETTINGS.ini has a section for each setting, with options of spine-mpi by their full names; where one
is a list, each of its values is a setting. (A sweep's grid can't compare objectives, since the options
of one aren't those of another.) Options that all settings share come after the files.

--space is another embedding of the same words: word intrusion and diversity are found there, and in the
input's own. DATA is the directory of data sets that evaluate.py describes. Stability is between the seeds.
Two things take longer, and are done only for the seeds named: --held-out trains once more, without a
tenth of the words, and tells how much of their variance is explained; --tasks classifies texts.
--beside adds rows that need no training: any file that spine-eval reads, such as the dense input, and
--floor a row of random words as untrained atoms, with as many values a word as the setting named.

Seeds are taken one after the other, all settings of the first one first, so that the table may be had
early. Everything is kept in --directory: the same command resumes after an interruption, and doesn't
do again what is done; with --table-only it shows what there is. A star marks the settings that no other
beats on intrusion, diversity and variance together (means over the seeds)."""
import argparse
import concurrent.futures
import configparser
import html
import itertools
import json
import os
import re
import statistics
import subprocess
import sys

import evaluate
import harness

SHARED = {"train.refit": "yes", "train.evaluate_every": "0"}

# Of a column: its title, the group and name of the figure, factor and digits. "other" is the space of
# --space, "own" the input's.
COLUMNS = (
    ("values", ("sparsity", "values a word"), 1, 1),
    ("dead", ("sparsity", "dead dimensions"), 1, 0),
    ("explained variance", ("sparsity", "explained variance"), 100, 1),
    ("held out", ("study", "held-out variance"), 100, 1),
    ("intrusion", ("other", "intrusion"), 100, 1),
    ("known", ("other", "intrusion, known"), 100, 1),
    ("own intrusion", ("own", "intrusion"), 100, 1),
    ("diversity", ("other", "diversity"), 100, 1),
    ("own diversity", ("own", "diversity"), 100, 1),
    ("category score", ("own", "category score, lambda 5"), 1, 1),
    ("WS-353", ("similarity", "EN-WS-353-ALL"), 1, 3),
    ("Rare Words", ("similarity", "EN-RW-STANFORD"), 1, 3),
    ("analogies", ("analogies", "questions-words, 3CosAdd"), 100, 1),
    ("AP", ("categorization", "ap.clean"), 100, 1),
    ("six tasks", ("study", "tasks"), 100, 1),
    ("stability", ("stability", "decoder cosine"), 1, 3),
    ("above .7", ("stability", "share above .7"), 100, 0),
)
VARIANCE, INTRUSION, DIVERSITY = COLUMNS[2][1], COLUMNS[4][1], COLUMNS[6][1]
FRONT = (INTRUSION, DIVERSITY, VARIANCE)


# --- The settings -------------------------------------------------------------------------------


def read_settings(path, only):
    """Name -> options, lists multiplied out."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str
    if not parser.read(path) or not parser.sections():
        sys.exit("%s: has no [setting]" % path)

    settings = {}
    for section in parser.sections():
        lists = {key: re.split(r"\s*,\s*", text) for key, text in parser[section].items()}
        for values in itertools.product(*lists.values()):
            options = dict(zip(lists, values))
            varied = ["%s = %s" % (key.split(".")[1], value) for key, value in options.items()
                      if len(lists[key]) > 1]
            settings[", ".join([section] + varied)] = options
    return {name: options for name, options in settings.items() if re.search(only, name)}


class Study:
    def __init__(self, given, scratch):
        self.given, self.settings = given, read_settings(given.settings, given.only)
        self.tests = evaluate.Data(given.tests, scratch).words() if given.tests else []
        self.tasks = []
        if given.tests and given.tasks and not given.table_only:
            self.tasks = evaluate.Data(given.tests, scratch).tasks()
        self.shared = dict(SHARED, **dict(word.split("=", 1) for word in given.option))
        os.makedirs(given.directory, exist_ok=True)

    def path(self, name, what):
        simple = re.sub(r"[^A-Za-z0-9.]+", "-", name)
        return os.path.join(self.given.directory, "%s-%s" % (simple, what))

    def words(self, name, seed, **more):
        """What is set for a run. A setting's options win over those that all share."""
        options = {**self.shared, **self.settings[name], "train.seed": str(seed),
                   "data.input": harness.input_file(self.given.input), **more}
        return ["%s=%s" % pair for pair in options.items()]

    # --- Running ---

    def train(self, run, words):
        begun = run + ".begun"
        if kept(begun, words) is None:
            keep(begun, words, [])
        if os.path.exists(os.path.join(run, "model.h5")):
            return # it was trained by these words
        config = os.path.join(self.given.directory, "empty.ini")
        open(config, "w").close()
        command = [harness.program("spine-mpi"), "--quiet", config, *words,
                   "output.directory=" + run]
        ranks = self.given.ranks
        subprocess.run(harness.as_ranks(ranks, command) if ranks > 1 else command, check=True)

    def measure(self, arguments):
        """The figures of each file: group, name, value."""
        command = [harness.program("spine-eval"), "--json=-", *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return [[(m["group"], m["name"], m["value"]) for m in file["measures"]]
                for file in json.loads(done.stdout)["files"]]

    def judge(self, file, index=0, *more):
        """Of a file, or with index 1 and --floor of its baseline: both spaces, tests of words."""
        figures = []
        for group, space, tests in (("own", self.given.input, self.tests),
                                    ("other", self.given.space, [])):
            found = self.measure(["--space=" + space, *tests, *more, file])[index]
            figures += [(group if g == "interpretability" else g, name, value)
                        for g, name, value in found if group == "own" or g == "interpretability"]
        return figures

    def classify(self, file):
        found = self.measure([*self.tasks, file])[0]
        figures = [figure for figure in found if figure[1].endswith("(logistic)")]
        return figures + [("study", "tasks", statistics.mean(value for _, _, value in figures))]

    def held_out(self, name, seed):
        run = self.path(name, "%s-held-out" % seed)
        self.train(run, self.words(name, seed, **{"data.holdout": "0.1"}))
        with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
            last = [json.loads(line) for line in file][-1:]
        # A run of 0 epochs has no metrics.
        value = last[0]["held_out_explained_variance"] if last else None
        return [("study", "held-out variance", value)]

    def do(self, name, seed):
        """Train and measure what isn't yet."""
        run, words = self.path(name, seed), self.words(name, seed)
        parts = {"words": lambda: self.judge(run)}
        if name == self.given.floor:
            parts["floor"] = lambda: self.judge(run, 1, "--floor", "--seed=" + seed)
        if seed in self.given.held_out:
            parts["held-out"] = lambda: self.held_out(name, seed)
        if self.tasks and seed in self.given.tasks:
            parts["tasks"] = lambda: self.classify(run)

        for part, work in parts.items():
            path = "%s.%s.json" % (run, part)
            if kept(path, words) is None:
                print("%s, seed %s: %s" % (name, seed, part), file=sys.stderr, flush=True)
                self.train(run, words)
                keep(path, words, work())

    def do_beside(self, name, file):
        for part, work in (("words", self.judge), ("tasks", self.classify)):
            path = self.path(name, "beside.%s.json" % part)
            if (part == "words" or self.tasks) and kept(path, [file]) is None:
                keep(path, [file], work(file))

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(self.given.jobs) as pool:
            running = [pool.submit(self.do_beside, *pair) for pair in self.given.beside]
            running += [pool.submit(self.do, name, seed)
                        for seed in self.given.seeds for name in self.settings]
            for each in running:
                each.result()

    # --- What there is ---

    def figures(self, name):
        """(group, name) -> values, one a seed."""
        found, seeds = {}, []
        for seed in self.given.seeds:
            run, words = self.path(name, seed), self.words(name, seed)
            for part in ("words", "held-out", "tasks"):
                figures = kept("%s.%s.json" % (run, part), words)
                add(found, figures)
                if part == "words" and figures is not None:
                    seeds.append(seed)

        runs = [self.path(name, seed) for seed in seeds]
        path = self.path(name, "stability.json")
        if len(seeds) > 1 and kept(path, runs, stale=True) is None:
            keep(path, runs, sum(self.measure(["--stability", *runs]), []))
        pairs = {}
        add(pairs, kept(path, runs) if len(seeds) > 1 else None)
        found.update({key: [statistics.mean(values)] for key, values in pairs.items()})
        return found

    def all_figures(self):
        every = {name: self.figures(name) for name in self.settings}
        if self.given.floor in self.settings:
            name, floor = self.given.floor, every.setdefault("random words, lasso", {})
            for seed in self.given.seeds:
                add(floor, kept(self.path(name, seed) + ".floor.json", self.words(name, seed)))
        for name, file in self.given.beside:
            beside = every.setdefault(name, {})
            for part in ("words", "tasks"):
                add(beside, kept(self.path(name, "beside.%s.json" % part), [file]))
        return {name: figures for name, figures in every.items() if figures}


def add(found, figures):
    for group, measure, value in figures or ():
        found.setdefault((group, measure), []).append(value)


def keep(path, words, figures):
    """Written whole or not at all: an interrupted study finds none, or all of it."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump({"of": words, "figures": figures}, file)
    os.replace(path + ".new", path)


def kept(path, words, stale=False):
    """The figures in a file; None if there are none, or others if those may be."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    if found["of"] == words:
        return found["figures"]
    return None if stale else sys.exit("%s: is of other options: %s; remove it, or take another "
                                       "--directory" % (path, " ".join(found["of"])))


# --- The results --------------------------------------------------------------------------------


def mean(figures, which):
    values = [value for value in figures.get(which, []) if value is not None]
    return statistics.mean(values) if values else None


def on_front(every, which=FRONT):
    """The names that no other beats in all: at least as good in each, better in one."""
    points = {name: [mean(figures, key) for key in which] for name, figures in every.items()}
    points = {name: point for name, point in points.items() if None not in point}
    beats = lambda a, b: a != b and all(x >= y for x, y in zip(a, b))
    return {name for name, point in points.items()
            if not any(beats(other, point) for other in points.values())}


def cell(figures, which, factor, digits):
    """The mean, with half of the seeds' range if it isn't 0 as written."""
    value = mean(figures, which)
    if value is None:
        return "-"
    text = "%.*f" % (digits, factor * value)
    values = [value for value in figures[which] if value is not None]
    half = "%.*f" % (digits, factor * (max(values) - min(values)) / 2)
    return text if float(half) == 0 else "%s +-%s" % (text, half)


def table(every, titles):
    """Columns that no row has are left out."""
    front = on_front(every)
    columns = [column for column in COLUMNS if (not titles or column[0] in titles) and
               any(mean(figures, column[1]) is not None for figures in every.values())]
    lines = [["", "setting", "seeds", *(title for title, *_ in columns)],
             ["---"] * (3 + len(columns))]
    for number, (name, figures) in enumerate(every.items(), 1):
        lines.append([str(number), name + (" *" if name in front else ""),
                      str(len(figures[INTRUSION])),
                      *(cell(figures, *column) for _, *column in columns)])
    return "\n".join("| %s |" % " | ".join(line) for line in lines)


def ticks(low, high):
    step = next(step for step in (0.5, 1, 2, 5, 10, 20, 50) if (high - low) / step <= 8)
    first = step * -(-low // step)
    return [first + i * step for i in range(int((high - first) / step) + 1)]


class Picture:
    """Variance across, intrusion up; numbers are those of the table, a cross is what the seeds span, and
    the line joins the settings that no other beats on both."""
    WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 600, 460, 56, 16, 16, 50 # text is readable on a phone

    def __init__(self, every):
        self.every = {name: figures for name, figures in every.items()
                      if None not in (mean(figures, VARIANCE), mean(figures, INTRUSION))}
        self.number = {name: number for number, name in enumerate(every, 1)}
        self.bounds = []
        for which in (VARIANCE, INTRUSION) if self.every else ():
            values = [100 * v for figures in self.every.values() for v in figures[which]]
            edge = 0.08 * (max(values) - min(values)) + 0.5
            self.bounds.append((min(values) - edge, max(values) + edge))

    def x(self, percent):
        low, high = self.bounds[0]
        return self.LEFT + (percent - low) / (high - low) * (self.WIDTH - self.LEFT - self.RIGHT)

    def y(self, percent):
        low, high = self.bounds[1]
        return (self.HEIGHT - self.BOTTOM -
                (percent - low) / (high - low) * (self.HEIGHT - self.TOP - self.BOTTOM))

    def axes(self):
        bottom, right = self.HEIGHT - self.BOTTOM, self.WIDTH - self.RIGHT
        for value in ticks(*self.bounds[0]):
            yield '<path class="grid" d="M%.1f %d V%d"/>' % (self.x(value), self.TOP, bottom)
            yield '<text x="%.1f" y="%d" text-anchor="middle">%g</text>' % (
                self.x(value), bottom + 19, value)
        for value in ticks(*self.bounds[1]):
            yield '<path class="grid" d="M%d %.1f H%d"/>' % (self.LEFT, self.y(value), right)
            yield '<text x="%d" y="%.1f" text-anchor="end">%g</text>' % (
                self.LEFT - 6, self.y(value) + 4, value)
        yield '<text x="%d" y="%d" text-anchor="end">explained variance, %%</text>' % (
            right, self.HEIGHT - 8)
        yield ('<text transform="translate(14 %d) rotate(-90)" text-anchor="end">'
               "intrusion found in another space, %%</text>" % self.TOP)

    def points(self):
        front = on_front(self.every, (INTRUSION, VARIANCE))
        place = lambda name: tuple(100 * mean(self.every[name], which)
                                   for which in (VARIANCE, INTRUSION))
        line = " L".join("%.1f %.1f" % (self.x(v), self.y(i)) for v, i in sorted(map(place, front)))
        yield '<path class="front" d="M%s"/>' % line
        taken = [(self.x(v) - 5, self.x(v) + 5, self.y(i) + 5) for v, i in map(place, self.every)]
        for name in sorted(self.every, key=lambda name: -place(name)[1]):
            across, up = (self.x(place(name)[0]), self.y(place(name)[1]))
            spans = [[100 * f(self.every[name][w]) for f in (min, max)]
                     for w in (VARIANCE, INTRUSION)]
            yield '<path class="span" d="M%.1f %.1f H%.1f M%.1f %.1f V%.1f"/>' % (
                self.x(spans[0][0]), up, self.x(spans[0][1]), across, self.y(spans[1][0]),
                self.y(spans[1][1]))
            yield '<circle class="%s" cx="%.1f" cy="%.1f" r="4"/>' % (
                "best" if name in front else "point", across, up)
            text = " ".join([str(self.number[name]), *([name] if name in front else [])])
            yield self.label(text, across, up, taken)

    def label(self, text, across, up, taken):
        """Beside its point, or above or below it: where nothing is yet."""
        width = 8.6 * len(text)
        places = ((across + 8, up + 5), (across - 8 - width, up + 5), (across - width / 2, up - 9),
                  (across - width / 2, up + 19), (across + 7, up - 7), (across + 7, up + 16))
        is_free = lambda begin, line: (
            self.LEFT < begin and begin + width < self.WIDTH and
            not any(abs(line - y) < 13 and begin < e and b < begin + width for b, e, y in taken))
        begin, line = next((place for place in places if is_free(*place)), places[0])
        taken.append((begin, begin + width, line))
        return '<text x="%.1f" y="%.1f">%s</text>' % (begin, line, html.escape(text))

    def text(self):
        style = ("svg{background:#fff} text{font:15px sans-serif;fill:#333;paint-order:stroke;stroke:#fff;"
                 "stroke-width:3px} path{fill:none} "
                 ".grid{stroke:#e4e4e4} .span{stroke:#999} .front{stroke:#b03a2e} "
                 ".point{fill:#777} .best{fill:#b03a2e}")
        return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d">\n<style>%s</style>\n' \
            "%s\n</svg>\n" % (self.WIDTH, self.HEIGHT, style,
                              "\n".join([*self.axes(), *self.points()]))


def read_command_line():
    names = lambda text: text.split(",") if text else []
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", metavar="INPUT.h5")
    parser.add_argument("settings", metavar="SETTINGS.ini", help="such as study.ini beside this")
    parser.add_argument("option", nargs="*", help="of all settings, such as model.hidden=500")
    parser.add_argument("--space", required=True, help="another embedding of the words")
    parser.add_argument("--tests", metavar="DATA", help="data sets, for tests of words and tasks")
    parser.add_argument("--directory", default="study", help="where everything is kept [study]")
    parser.add_argument("--seeds", default="1,2,3", type=names)
    parser.add_argument("--held-out", metavar="SEEDS", default="", type=names)
    parser.add_argument("--tasks", metavar="SEEDS", default="", type=names)
    parser.add_argument("--beside", metavar="NAME=FILE", default=[], action="append",
                        type=lambda text: tuple(text.split("=", 1)))
    parser.add_argument("--floor", metavar="SETTING")
    parser.add_argument("--only", metavar="PATTERN", default="",
                        help="settings whose names match a regular expression")
    parser.add_argument("--columns", metavar="TITLES", default="", type=names,
                        help="of the table, separated by commas [all]")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time [1]")
    parser.add_argument("--ranks", type=int, default=1, help="of a run [1]")
    parser.add_argument("--picture", metavar="FILE.svg", help="[front.svg in the directory]")
    parser.add_argument("--table-only", action="store_true", help="train nothing")
    return parser.parse_args()


def main():
    given = read_command_line()
    with harness.Scratch() as scratch:
        study = Study(given, scratch)
        if not given.table_only:
            study.run()
        every = study.all_figures()
    if not every:
        sys.exit("%s: nothing is trained yet" % given.directory)
    print(table(every, given.columns))
    path = given.picture or os.path.join(given.directory, "front.svg")
    picture = Picture(every)
    if picture.every:
        with open(path, "w", encoding="utf-8") as file:
            file.write(picture.text())


if __name__ == "__main__":
    main()
