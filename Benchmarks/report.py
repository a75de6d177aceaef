#!/usr/bin/env python3
"""usage: report.py [--readme FILE] sets|curves|micro FOLDER

Prints the tables of FOLDER/sets.tsv, FOLDER/curves.tsv or FOLDER/micro.tsv and draws FOLDER/sets.svg or
FOLDER/curves.svg, the picture only where matplotlib is to be had. With --readme the tables go between that
file's markers <!-- sets --> and <!-- end of sets -->, or those of the others, instead.
"""

import argparse
import csv
import os
import re
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

MIB = 1 << 20
TINY = 10_000  # bytes: below, a start and an end is all there is, and a rate tells nothing


def read_table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def read_pairs(path):
    return dict(line.rstrip("\n").split("\t", 1) for line in open(path))


def rounds(count):
    return f"Medians of {count} rounds" if count != 1 else "One round"


class Runs:
    """What one contestant did with one input, over all rounds."""

    def __init__(self, lines):
        def numbers(name):
            return [float(line[name] or "nan") for line in lines]

        self.count = len(lines)
        self.rows = int(lines[0]["rows"])
        self.bytes = int(lines[0]["csv_bytes"])
        self.seconds = median(numbers("seconds"))
        self.cpu = median(numbers("cpu_seconds"))
        self.peak = max(numbers("peak_bytes"))

    @property
    def rate(self):
        """Bytes of CSV per second."""
        return self.bytes / self.seconds


def gather(lines, *keys):
    """The runs by the values of `keys`, in the order in which the values first came."""
    groups = defaultdict(list)
    for line in lines:
        groups[tuple(line[key] for key in keys)].append(line)
    return {key: Runs(group) for key, group in groups.items()}


def table(head, rows):
    """A Markdown table: the first column to the left, numbers to the right."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def foot(machine, note):
    keys = ["machine", "server", "settings", "data", "program", "day"]
    facts = "; ".join(f"{key}: {machine[key]}" for key in keys if key in machine)
    return f"{note}\n\n`{machine['command']}` — {facts}."


def title(contestant):
    if contestant.startswith("pgsluice-"):
        return f"pgsluice -j {contestant.removeprefix('pgsluice-')}"
    return {"psql": "psql \\copy", "duckdb": "DuckDB"}.get(contestant, contestant)


class Sets:
    COLOURS = {"psql": "#888888", "limit": "#c9c9c9", "duckdb": "#e0a030", "pgloader": "#b5651d"}
    OURS = ["#7fb3e6", "#1f6fb4"]

    def __init__(self, folder):
        self.runs = gather(read_table(folder / "sets.tsv"), "set", "contestant")
        self.machine = read_pairs(folder / "sets-machine.tsv")
        self.sets = list(dict.fromkeys(name for name, _ in self.runs))
        found = {contestant for _, contestant in self.runs}
        self.ours = sorted((c for c in found if c.startswith("pgsluice-")), key=lambda c: int(c[9:]))
        self.peers = [c for c in ("duckdb", "pgloader") if c in found]
        self.contestants = ["psql", *self.ours, "limit", *self.peers]

    def ratio(self, name, contestant, other):
        """How many times as fast as another."""
        runs, others = self.runs.get((name, contestant)), self.runs.get((name, other))
        return runs.rate / others.rate if runs and others else None

    def tables(self):
        return "\n\n".join([self.speeds(), self.ratios(), self.costs(), foot(self.machine, self.note())])

    def note(self):
        counts = {name: self.runs[name, "psql"].count for name in self.sets}
        tiny = counts.pop("tiny", None)
        text = rounds(min(counts.values(), default=tiny)) + (f" (tiny: {tiny})" if tiny else "")
        text += "; peaks are the highest of all rounds."
        if "pgloader" in self.peers:
            text += " pgloader loaded the first tenth of the rows, once."
        return text

    def speeds(self):
        def cell(runs):
            if runs is None:
                return "—"
            return f"{runs.seconds * 1e3:.0f} ms" if runs.bytes < TINY else f"{runs.rate / 1e6:.1f}"

        rows = []
        for name in self.sets:
            size = self.runs[name, "psql"]
            size_text = f"{size.bytes} B" if size.bytes < TINY else f"{size.bytes / 1e6:.0f} MB"
            cells = [cell(self.runs.get((name, c))) for c in self.contestants]
            rows.append([name, f"{size.rows:,}", size_text, *cells])
        return "MB of CSV per second:\n\n" + table(["set", "rows", "size", *map(title, self.contestants)], rows)

    def ratios(self):
        best = self.ours[-1]
        pairs = [(c, "psql") for c in self.ours] + [(best, "limit")] + [(best, c) for c in self.peers] + [("limit", "psql")]
        rows = []
        for name in self.sets:
            values = [self.ratio(name, *pair) for pair in pairs]
            rows.append([name, *("—" if value is None else f"{value:.2f}" for value in values)])
        return "How many times as fast:\n\n" + table(["set", *(f"{title(a)} ÷ {title(b)}" for a, b in pairs)], rows)

    def costs(self):
        def cpu(runs):
            if runs is None:
                return "—"
            return f"{runs.cpu * 1e3:.0f} ms" if runs.bytes < TINY else f"{runs.cpu / runs.bytes * 1e9:.2f}"

        def peak(runs):
            return "—" if runs is None else f"{runs.peak / MIB:.0f}"

        measured = ["psql", *self.ours, *self.peers]
        sized = [*self.ours, *self.peers]
        head = ["set", *(f"CPU {title(c)}" for c in measured), *(f"peak {title(c)}" for c in sized)]
        rows = []
        for name in self.sets:
            found = {c: self.runs.get((name, c)) for c in measured}
            rows.append([name, *(cpu(found[c]) for c in measured), *(peak(found[c]) for c in sized)])
        return "What it costs the client: CPU, user and system, in ns per byte of CSV; peak memory in MiB:\n\n" + table(head, rows)

    def draw(self, pyplot):
        names = [name for name in self.sets if self.runs[name, "psql"].bytes >= TINY]
        if not names:
            return None
        colours = {**self.COLOURS, **dict(zip(self.ours, self.OURS[-len(self.ours):]))}
        height = 0.8 / len(self.contestants)
        figure, axes = pyplot.subplots(figsize=(8, 0.6 + len(names) * 0.17 * (len(self.contestants) + 1)))
        for place, contestant in enumerate(self.contestants):
            values = [self.ratio(name, contestant, "psql") or 0 for name in names]
            spots = [line + place * height for line in range(len(names))]
            bars = axes.barh(spots, values, height, color=colours[contestant], label=title(contestant))
            axes.bar_label(bars, [f"{value:.2f}" if value else "" for value in values], padding=2, fontsize=7)
        axes.set_yticks([line + 0.4 - height / 2 for line in range(len(names))], names)
        axes.margins(y=0.01)
        axes.invert_yaxis()
        axes.set_xlabel("times as fast as psql \\copy")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
        return figure


class Curves:
    def __init__(self, folder):
        self.runs = gather(read_table(folder / "curves.tsv"), "jobs", "batch_kb")
        self.machine = read_pairs(folder / "curves-machine.tsv")
        self.jobs = list(dict.fromkeys(jobs for jobs, _ in self.runs))
        self.batches = list(dict.fromkeys(batch for _, batch in self.runs))

    @staticmethod
    def size(batch):
        kilobytes = int(batch)
        return f"{kilobytes} kB" if kilobytes < 1024 else f"{kilobytes // 1024} MB"

    def tables(self):
        def cell(runs):
            return f"{runs.rate / 1e6:.1f} / {runs.cpu / runs.bytes * 1e9:.2f} / {runs.peak / MIB:.0f}"

        head = ["--batch-bytes", *(f"--jobs {jobs}" for jobs in self.jobs)]
        rows = [[self.size(batch), *(cell(self.runs[jobs, batch]) for jobs in self.jobs)] for batch in self.batches]
        some = next(iter(self.runs.values()))
        note = f"The typed set, {some.rows:,} rows, {some.bytes / 1e6:.0f} MB; {rounds(some.count).lower()}."
        return (
            "MB of CSV per second / client CPU in ns per byte / peak memory in MiB:\n\n"
            + table(head, rows) + "\n\n" + foot(self.machine, note)
        )

    def draw(self, pyplot):
        figure, (speed, memory) = pyplot.subplots(1, 2, figsize=(9, 3.5))
        sizes = [int(batch) for batch in self.batches]
        for axes, label, value in (
            (speed, "MB of CSV per second", lambda runs: runs.rate / 1e6),
            (memory, "peak memory, MiB", lambda runs: runs.peak / MIB),
        ):
            for jobs in self.jobs:
                axes.plot(sizes, [value(self.runs[jobs, batch]) for batch in self.batches], marker="o", label=f"--jobs {jobs}")
            axes.set_xscale("log", base=2)
            axes.set_xticks(sizes, [self.size(batch) for batch in self.batches], fontsize=7)
            axes.minorticks_off()
            axes.set_ylim(bottom=0)
            axes.set_xlabel("--batch-bytes")
            axes.set_ylabel(label)
            axes.spines[["top", "right"]].set_visible(False)
        speed.legend(fontsize=8, frameon=False)
        return figure


class Micro:
    draw = None
    PARTS = ["scan", "count lines", "split", "encode text", "encode binary", "map and scan, from a file", "load, unlogged"]

    def __init__(self, folder):
        self.groups = defaultdict(dict)
        for line in read_table(folder / "micro.tsv"):
            group, name = line["benchmark"].split("/", 1)
            self.groups[group][name] = line
        self.values = self.groups.pop("value", {})
        self.machine = read_pairs(folder / "micro-machine.tsv")

    def tables(self):
        parts = []
        if self.groups:
            parts.append(self.rates())
        if self.values:
            parts.append(self.costs())
        return "\n\n".join([*parts, foot(self.machine, "Medians of all passes within a second.")])

    def rates(self):
        def cell(line):
            return f"{float(line['bytes_per_second']) / 1e6:,.0f}"

        parts = sorted(self.groups, key=self.PARTS.index)
        rows = [[part, name, cell(line)] for part in parts for name, line in self.groups[part].items()]
        return "MB of CSV per second, on one core:\n\n" + table(["part", "of", "MB/s"], rows)

    def costs(self):
        def cells(line):
            values = float(line["values_per_second"])
            return [f"{1e9 / values:.1f}", f"{values / 1e6:.1f}", f"{float(line['bytes_per_second']) / 1e6:,.0f}"]

        rows = [[name, *cells(line)] for name, line in self.values.items()]
        head = ["value of type", "ns per value", "million values per second", "MB/s"]
        return "Encoding one value of COPY BINARY, a record of one field each:\n\n" + table(head, rows)


def draw(figures, path):
    """Writes the picture, the same bytes for the same figures; answers whether it did."""
    try:
        import matplotlib
    except ImportError:
        print("report.py: no matplotlib, no picture", file=sys.stderr)
        return False
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "pgsluice"
    from matplotlib import pyplot

    figure = figures.draw(pyplot)
    if figure is None:
        return False
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    return True


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--readme", type=Path)
    parser.add_argument("kind", choices=["sets", "curves", "micro"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    kind, folder, readme = arguments.kind, arguments.folder, arguments.readme

    figures = {"sets": Sets, "curves": Curves, "micro": Micro}[kind](folder)
    text = figures.tables()
    picture = folder / f"{kind}.svg"
    drawn = figures.draw is not None and draw(figures, picture)
    if readme is None:
        print(text)
        return
    if drawn:
        text = f"![{kind}]({os.path.relpath(picture, readme.parent)})\n\n{text}"
    marked = re.compile(f"(<!-- {kind} -->\n).*(\n<!-- end of {kind} -->)", re.DOTALL)
    page, replaced = marked.subn(lambda marks: marks[1] + text + marks[2], readme.read_text())
    if replaced != 1:
        sys.exit(f"report.py: {readme} lacks the markers of {kind}")
    readme.write_text(page)
    print(text)


if __name__ == "__main__":
    main()
