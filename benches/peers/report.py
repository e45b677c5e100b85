#!/usr/bin/env python3
"""Prints the table of compare.py's results: the mean test score of each method, with a 90 % interval by bootstrap over
tasks and seeds, and the largest number of calls.

usage: report.py OUT
"""
import collections, json, pathlib, random, sys

runs = [json.loads(file.read_text()) for file in sorted(pathlib.Path(sys.argv[1]).glob("*.json"))]
cells = collections.defaultdict(list)
for run in runs:
    cells[run["agent"], run["method"]].append(run)
dice = random.Random(1)
agents = list(dict.fromkeys(run["agent"] for run in runs))
print("| method | " + " | ".join(agents) + " | most calls |")
print("|---" * (len(agents) + 2) + "|")
for method in dict.fromkeys(run["method"] for run in runs):
    row = [method]
    for agent in agents:
        of = [run["scores"] for run in cells[agent, method]]
        if not of:
            row.append("")
            continue
        means = []
        for _ in range(2000):
            tasks = dice.choices(range(len(of[0])), k=len(of[0]))
            seeds = dice.choices(of, k=len(of))
            means.append(100 * sum(scores[task] for scores in seeds for task in tasks) / (len(tasks) * len(seeds)))
        means.sort()
        mean = 100 * sum(map(sum, of)) / sum(map(len, of))
        row.append(f"{mean:.1f} ({means[100]:.0f} to {means[1899]:.0f}), n = {len(of)}")
    row.append(str(max(run["calls"] for agent in agents for run in cells[agent, method])))
    print("| " + " | ".join(row) + " |")
