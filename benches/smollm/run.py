#!/usr/bin/env python3
"""Sessions of hand-written plans with planted useless and harmful edits, with a small language model as the student.

usage: run.py TASKS WORK [SESSIONS [GATE [TEST]]]

TASKS: the folder that benches/peers/tasks.py wrote. $KAIZEN names the program; $KAIZEN_STUDENT_URL is the address of an
OpenAI-compatible server (http://127.0.0.1:8080/v1), $KAIZEN_STUDENT_MODEL its model (smollm2), $KAIZEN_STUDENT_CONCURRENCY the
number of requests at a time (4). GATE and TEST limit the gate and sealed tasks, for a trial run.

Session N is that of agent N mod 3, at temperature 0 or 0.7 in turns of three; its number also draws the examples. Each kept edit
is measured on the sealed tasks at its own commit and at the one before. Results are appended to WORK/results.jsonl; sessions that
are in it are not repeated, and one that was interrupted goes on where it stopped.
"""
import json, math, os, pathlib, random, shutil, statistics, subprocess, sys, time

KAIZEN = os.environ.get("KAIZEN", "kaizen")
URL = os.environ.get("KAIZEN_STUDENT_URL", "http://127.0.0.1:8080/v1")
MODEL = os.environ.get("KAIZEN_STUDENT_MODEL", "smollm2")
CONCURRENCY = int(os.environ.get("KAIZEN_STUDENT_CONCURRENCY", "4"))
AGENTS, TEMPERATURES = ("reviews", "router", "extract"), (0.0, 0.7)
PROMPTS = {
    "reviews": "Decide whether the review is positive or negative.",
    "router": "You route each message of a bank's customer to a department.",
    "extract": "Extract the order number and the amount from the message as JSON.",
}
FORMATS = {
    "reviews": "Answer with one word: positive or negative.",
    "router": "Answer with one of these words: cards, cash, exchange, identity, topup, transfers.",
    "extract": 'Answer with JSON that has the keys "order" and "amount"; a value that is missing is null.',
}
MAX_TOKENS = {"reviews": 16, "router": 16, "extract": 64}
DIAGNOSIS = """# Diagnosis

The agent has no example of the form that the answers take.

```json
[{"id": "form", "description": "Answers have the wrong form.", "skill_gap": "The agent knows no example."}]
```
"""
# An edit that lowers the sealed score by more than this, in points, is harmful.
HARMFUL = -3.0


def read(file):
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def tasks_of(folder, agent, sizes):
    rows = read(folder / f"{agent}.jsonl")
    return [row for split, size in sizes.items() for row in [one for one in rows if one["split"] == split][:size]]


def plan(agent, number, train):
    """Two edits that should help, two that should do nothing, and four that should harm."""
    dice = random.Random(number)
    some = dice.sample(train, 12)
    shots = [{"input": row["query"], "output": row["reference_answer"]} for row in some[:6]]
    answers = sorted({row["reference_answer"] for row in train})
    wrong = [{"input": row["query"], "output": dice.choice([one for one in answers if one != row["reference_answer"]])}
             for row in some[6:]]
    prompt = PROMPTS[agent]
    parts = [
        ("shots", "edit_few_shot_exemplars", {"exemplars": shots}),
        ("format", "replace_system_prompt", {"new_content": f"{prompt} {FORMATS[agent]}\n"}),
        ("polite", "replace_system_prompt", {"new_content": f"{prompt} Please be so kind.\n"}),
        ("wrong", "edit_few_shot_exemplars", {"exemplars": wrong}),
        ("poem", "replace_system_prompt", {"new_content": "Answer every message with a poem about the sea.\n"}),
        ("top-k", "set_agent_param", {"param": "top_k", "value": 40}),
        ("hot", "set_agent_param", {"param": "temperature", "value": 1.8}),
        ("cut", "set_agent_param", {"param": "max_tokens", "value": 1}),
    ]
    edits = [{"id": name, "pillar": "agent", "op": op, "payload": {"agent": "clerk", **payload} if op != "replace_system_prompt" else payload,
              "target": target(op, payload), "rationale": name, "expected_improvement": "form"}
             for name, op, payload in parts]
    dice.shuffle(edits)
    return {"edits": edits}


def target(op, payload):
    return {"edit_few_shot_exemplars": "agents.clerk.few_shot", "replace_system_prompt": "agents.clerk.system_prompt",
            "set_agent_param": f"agent.clerk.{payload.get('param')}"}[op]


def git(home, *words):
    done = subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], cwd=home, check=True,
                          capture_output=True, text=True)
    return done.stdout.strip()


def kaizen(home, *arguments, allowed=(0,)):
    environment = {"OPENAI_API_KEY": "none", **os.environ}
    done = subprocess.run([KAIZEN, *arguments], cwd=home, capture_output=True, text=True, env=environment)
    if done.returncode not in allowed:
        sys.exit(f"kaizen {' '.join(arguments)} in {home}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def workspace(home, agent, temperature, rows):
    """A workspace as a user would make it; one that exists goes on."""
    if (home / ".git").exists():
        return
    (home / "agents/clerk").mkdir(parents=True)
    (home / "benchmark").mkdir()
    (home / "agents/clerk/system_prompt.md").write_text(PROMPTS[agent] + "\n")
    (home / "config.toml").write_text('[agent]\ndefault_agent = "clerk"\n\n[agent.clerk]\nclass = "simple"\n')
    (home / "benchmark/tasks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (home / "kaizen.toml").write_text(
        'version = 1\n[ledger]\nauthor = "t <t@t>"\n[session]\nmin_traces = 0\n[teacher]\nengine = "files"\n'
        f'[student]\nengine = "chat"\nmodel = "{MODEL}"\nbase_url = "{URL}"\ntemperature = {temperature}\n'
        f"max_tokens = {MAX_TOKENS[agent]}\nconcurrency = {CONCURRENCY}\n[network]\ntimeout_seconds = 600\n")
    git(home, "init", "-q")
    git(home, "add", "-A")
    git(home, "commit", "-qm", "agent")


def run(home, edits):
    """One session: the baseline, the written files, and the trials. Returns its folder."""
    kaizen(home, "trust", "--yes")
    for file, text in (("diagnosis.md", DIAGNOSIS), ("plan.json", json.dumps(edits))):
        kaizen(home, "run", "--autonomy", "auto", allowed=(0, 3))
        (session,) = home.glob("sessions/session-*")
        if not (session / file).exists():
            (session / file).write_text(text)
    kaizen(home, "run", "--autonomy", "auto")
    return session


def sealed(home, commit, known):
    """The score on the sealed tasks with the agent's files of a commit."""
    if commit not in known:
        copy = home.with_name(home.name + "-sealed")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(home, copy, symlinks=True)
        git(copy, "checkout", "-q", "-f", commit, "--", "agents", "config.toml")
        if not git(copy, "ls-tree", commit, "agents/clerk/few_shot.json"):
            (copy / "agents/clerk/few_shot.json").unlink(missing_ok=True)
        kaizen(copy, "trust", "--yes")
        said = kaizen(copy, "eval", "--split", "test", "--format", "json")
        known[commit] = json.loads(said.splitlines()[-1])["overall_score"]
        shutil.rmtree(copy)
    return known[commit]


def gain(record):
    """The recorded gain over all gate tasks."""
    return record["gain"] if record.get("gain") is not None else record["completed"]["gain"]


def session(work, folder, number, sizes):
    agent, temperature = AGENTS[number % 3], TEMPERATURES[number // 3 % 2]
    home = work / f"{number:02}-{agent}-{temperature}"
    rows = tasks_of(folder, agent, sizes)
    workspace(home, agent, temperature, rows)
    began = time.monotonic()
    made = run(home, plan(agent, number, [row for row in rows if row["split"] == "train"]))
    seconds = time.monotonic() - began
    outcomes = [json.loads(file.read_text()) for file in sorted((made / "outcomes").glob("*.json"))]
    known, kept = {}, []
    for outcome in outcomes:
        if outcome["status"] == "applied":
            after, before = (sealed(home, commit, known) for commit in (outcome["commit"], outcome["commit"] + "~1"))
            kept.append({"edit": outcome["edit_id"], "gate": gain(outcome["gate"]), "sealed": after - before})
    calls = [one["gate"]["calls"]["edited"] for one in outcomes if one.get("gate")]
    others = {one["edit_id"]: (one.get("gate") or {}).get("reason", one["status"]) for one in outcomes}
    return {"session": number, "agent": agent, "temperature": temperature, "kept": kept, "reasons": others,
            "gate_calls": sum(calls), "seconds": round(seconds)}


def report(results):
    kept = [one for result in results for one in result["kept"]]
    harmful = [one for one in kept if 100 * one["sealed"] < HARMFUL]
    apart = [100 * (one["gate"] - one["sealed"]) for one in kept]
    print(f"{len(results)} sessions, {len(kept)} edits kept, {len(harmful)} of them harmful on the sealed tasks: "
          f"{[one['edit'] for one in harmful]}")
    if len(apart) > 1:
        error = 1.645 * statistics.stdev(apart) / math.sqrt(len(apart))
        print(f"gate gain minus sealed gain: {statistics.mean(apart):+.1f} points, 90 % error {error:.1f}")
    print(f"calls with edits at the gate: {sum(one['gate_calls'] for one in results)}; "
          f"wall time of the sessions: {sum(one['seconds'] for one in results)} s")


def main():
    folder, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).absolute()
    count, gate, test = [int(one) for one in sys.argv[3:6]] + [20, 100, 150][len(sys.argv[3:6]):]
    work.mkdir(parents=True, exist_ok=True)
    log = work / "results.jsonl"
    results = read(log)
    for number in range(count):
        if any(one["session"] == number for one in results):
            continue
        one = session(work, folder, number, {"train": 150, "gate": gate, "test": test})
        results.append(one)
        with log.open("a") as file:
            file.write(json.dumps(one) + "\n")
        print(one, flush=True)
    report(results)


main()
