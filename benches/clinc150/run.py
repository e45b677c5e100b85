#!/usr/bin/env python3
"""Sessions of the built-in teacher and student on CLINC150 without `oos`, with many categories.

usage: run.py DATA WORK [SEEDS]      DATA holds train.jsonl, val.jsonl and test.jsonl; $KAIZEN names the program

For each of three sets of categories (the 10 domains, 15 groups of 10 intents, 30 groups of 5, in the order of the file)
and each seed of the teacher, one workspace is made with `kaizen init --tasks` and one session run with
`--autonomy auto`. Results are appended to WORK/results.jsonl; runs that are in it are not repeated.
"""
import json, os, pathlib, shutil, statistics, subprocess, sys, time

KAIZEN = os.environ.get("KAIZEN", "kaizen")


def rows(file):
    with open(file) as lines:
        return [row for row in map(json.loads, lines) if row["reference_answer"] != "oos"]


def grouped(splits, groups):
    """The rows of each split with `groups` categories."""
    domain = {}
    for row in splits["train"]:
        domain.setdefault(row["reference_answer"], row["category"])
    domains = list(dict.fromkeys(domain.values()))
    intents = [intent for name in domains for intent, of in domain.items() if of == name]
    size = len(intents) // groups
    category = {intent: f"group{at // size:02}" for at, intent in enumerate(intents)}
    if groups == len(domains):
        category = domain
    return {split: [{**row, "category": category[row["reference_answer"]]} for row in of] for split, of in splits.items()}


def program(folder, *arguments):
    done = subprocess.run([KAIZEN, *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"kaizen {' '.join(arguments)} in {folder}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def session(work, tasks, seed):
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    files = {split: work.with_name(f"{split}.jsonl") for split in tasks}
    for split, of in tasks.items():
        files[split].write_text("".join(json.dumps(row) + "\n" for row in of))
    program(work, "init", "--tasks", files["val"], "--train", files["train"], "--test", files["test"])
    manifest = work / "kaizen.toml"
    manifest.write_text(manifest.read_text().replace("[teacher]\n", f"[teacher]\nseed = {seed}\n", 1))
    before = [program(work, "eval", "--split", split, "--format", "json") for split in ("gate", "test")]
    began = time.monotonic()
    program(work, "run", "--autonomy", "auto")
    seconds = time.monotonic() - began
    after = [program(work, "eval", "--split", split, "--format", "json") for split in ("gate", "test")]
    score = lambda text: json.loads(text.splitlines()[-1])["overall_score"]
    (plan,) = work.glob("sessions/session-*/plan.json")
    edits = json.loads(plan.read_text())["edits"]
    outcomes = [json.loads(file.read_text()) for file in plan.parent.glob("outcomes/*.json")]
    return {
        "proposed": len(edits), "kept": sum(one["status"] == "applied" for one in outcomes), "seconds": round(seconds),
        "examples": any(edit["op"] == "edit_few_shot_exemplars" for edit in edits),
        "gate": [score(before[0]), score(after[0])], "test": [score(before[1]), score(after[1])],
    }


def main():
    data, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).absolute()
    seeds = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    work.mkdir(parents=True, exist_ok=True)
    log = work / "results.jsonl"
    known = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    splits = {split: rows(data / f"{split}.jsonl") for split in ("train", "val", "test")}
    for seed in range(1, seeds + 1):
        for groups in (10, 15, 30):
            if any((one["groups"], one["seed"]) == (groups, seed) for one in known):
                continue
            one = {"groups": groups, "seed": seed, **session(work / "workspace", grouped(splits, groups), seed)}
            known.append(one)
            with log.open("a") as file:
                file.write(json.dumps(one) + "\n")
            print(one, flush=True)
    for groups in (10, 15, 30):
        of = [one for one in known if one["groups"] == groups]
        gains = {split: [100 * (one[split][1] - one[split][0]) for one in of] for split in ("gate", "test")}
        good = sum(one["examples"] and gain >= 30 for one, gain in zip(of, gains["gate"]))
        ranges = ", ".join(f"{split} {min(gain):+.1f} to {max(gain):+.1f}, mean {statistics.mean(gain):+.1f} points"
                           for split, gain in gains.items())
        print(f"{groups} categories: {good} of {len(of)} sessions propose examples and gain 30 points; {ranges}")


main()
