#!/usr/bin/env python3
"""Compares kaizen's built-in teacher with dspy's and gepa's optimizers: same student, same tasks, same number of calls.

usage: compare.py TASKS OUT PROXY [SEEDS [METHOD ...]]

TASKS: the folder that tasks.py wrote; PROXY: the address of counter.py, whose upstream serves `smollm2`; $KAIZEN names
the program. Each run (agent, method, seed) writes OUT/<agent>-<method>-<seed>.json with its calls and the score of each of
the 150 test tasks; runs whose file exists are not repeated. Needs dspy 3.4 and gepa 0.1.4. report.py prints the table.
"""
import collections, concurrent.futures, json, os, pathlib, random, re, shutil, subprocess, sys, time, unicodedata, urllib.request

KAIZEN = os.environ.get("KAIZEN", "kaizen")
MOST_CALLS, MAX_TOKENS = 400, 64
METHODS = ["naive", "kaizen", "labeled", "bootstrap", "random", "gepa"]
PROMPTS = {
    "reviews": "Decide whether the review is positive or negative.",
    "router": "You route each message of a bank's customer to a department.",
    "extract": "Extract the order number and the amount from the message as JSON.",
}
TASKS, OUT, PROXY = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).absolute(), sys.argv[3].rstrip("/")


def get(path):
    with urllib.request.urlopen(PROXY + path) as reply:
        return int(reply.read())


class BudgetSpent(Exception):
    pass


def folded(text):
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def right(task, answer):
    """The score of an answer, as kaizen's scorers give it."""
    answer, reference = answer or "", task["reference_answer"]
    if task["scorer"] == "exact":
        return float(folded(answer) == folded(reference))
    if task["scorer"] == "contains":
        return float(folded(reference) in folded(answer))
    found = re.search(r"\{.*\}", answer, re.S)
    try:
        return float(json.loads(found.group()) == json.loads(reference)) if found else 0.0
    except ValueError:
        return 0.0


def four_at_once(ask, tasks):
    """As many as kaizen asks at once, and as the server has slots."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(ask, tasks))


def dspy_run(agent, method, seed, parts):
    import dspy
    from dspy import teleprompt

    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    calls = [0, False]

    class Counted(dspy.LM):
        def forward(self, *args, **kwargs):
            if calls[1] and get("/count") >= MOST_CALLS:
                raise BudgetSpent()
            return super().forward(*args, **kwargs)

    lm = Counted("openai/smollm2", api_base=PROXY + "/v1", api_key="none", temperature=0.0, max_tokens=MAX_TOKENS,
                 cache=False, num_retries=0)
    dspy.configure(lm=lm)
    example = lambda task: dspy.Example(message=task["query"], answer=task["reference_answer"], task=task).with_inputs("message")
    train, gate = ([example(task) for task in parts[name]] for name in ("train", "gate"))
    random.Random(seed).shuffle(train)
    program = dspy.Predict(dspy.Signature("message -> answer", PROMPTS[agent]))
    metric = lambda wanted, said, trace=None: right(wanted.task, getattr(said, "answer", "")) >= 1.0
    calls[1] = True
    if method == "labeled":
        random.seed(seed)
        made = teleprompt.LabeledFewShot(k=16).compile(program, trainset=train)
    elif method == "bootstrap":
        made = teleprompt.BootstrapFewShot(metric=metric, max_bootstrapped_demos=4, max_labeled_demos=16).compile(
            program, trainset=train)
    else:
        # Each candidate costs its bootstrap and one run of the validation tasks: 8 fit into 400 calls with 40 tasks.
        made = teleprompt.BootstrapFewShotWithRandomSearch(
            metric=metric, max_bootstrapped_demos=4, max_labeled_demos=16, num_candidate_programs=5, num_threads=4,
            max_errors=MOST_CALLS,  # a reply that the adapter cannot parse is wrong, and no reason to end
        ).compile(program, trainset=train, valset=gate[:40])
    used = get("/count")
    calls[1] = False

    def answered(task):
        try:
            with dspy.context(lm=lm):
                return right(task, made(message=task["query"]).answer)
        except Exception:  # a reply that the adapter cannot parse is wrong
            return 0.0

    return used, four_at_once(answered, parts["test"])


def gepa_run(agent, seed, parts):
    import gepa
    from gepa.adapters.default_adapter.default_adapter import EvaluationResult

    def ask(messages, most=MAX_TOKENS):
        body = {"model": "smollm2", "messages": messages, "temperature": 0, "max_tokens": most}
        request = urllib.request.Request(PROXY + "/v1/chat/completions", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=600) as reply:
            return json.load(reply)["choices"][0]["message"]["content"]

    def reflect(prompt):
        text = prompt if isinstance(prompt, str) else json.dumps(prompt)
        try:
            return ask([{"role": "user", "content": text[:6000]}], 256)
        except urllib.error.HTTPError:  # longer than the context
            return "```\n" + PROMPTS[agent] + "\n```"

    def evaluate(item, answer):
        score = right(item["task"], answer)
        wanted = item["answer"]
        return EvaluationResult(score=score, feedback="right" if score else f"the right answer is {wanted}",
                                objective_scores=None)

    def safe(messages):
        try:
            return ask(messages)
        except urllib.error.HTTPError:
            return ""

    item = lambda task: {"input": task["query"], "additional_context": {}, "answer": task["reference_answer"], "task": task}
    made = gepa.optimize(
        seed_candidate={"system_prompt": PROMPTS[agent]}, trainset=[item(task) for task in parts["train"]],
        valset=[item(task) for task in parts["gate"][:40]], task_lm=safe, evaluator=evaluate, reflection_lm=reflect,
        max_metric_calls=MOST_CALLS - 40, seed=seed, display_progress_bar=False)
    used = get("/count")
    prompt = made.best_candidate["system_prompt"]
    ask_test = lambda task: right(task, safe([{"role": "system", "content": prompt}, {"role": "user", "content": task["query"]}]))
    return used, four_at_once(ask_test, parts["test"])


def workspace(agent, seed, parts):
    """A workspace. The teacher does not use the gate tasks, so few of them are measured before it works."""
    home = OUT / "workspaces" / f"{agent}-{seed}"
    shutil.rmtree(home, ignore_errors=True)
    (home / "agents/router").mkdir(parents=True)
    (home / "benchmark").mkdir()
    (home / "agents/router/system_prompt.md").write_text(PROMPTS[agent] + "\n")
    (home / "config.toml").write_text('[agent]\ndefault_agent = "router"\n\n[agent.router]\nclass = "simple"\n')
    rows = [task for name in ("train", "gate", "test") for task in parts[name]]
    (home / "benchmark/tasks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (home / "kaizen.toml").write_text(
        'version = 1\n[ledger]\nauthor = "t <t@t>"\n[session]\nmin_traces = 0\n'
        f'[student]\nengine = "chat"\nmodel = "smollm2"\nbase_url = "{PROXY}/v1"\ntemperature = 0.0\n'
        f"max_tokens = {MAX_TOKENS}\nconcurrency = 4\n[benchmark]\nsubsample = 10\n[teacher]\nseed = {seed}\nmax_student_calls = {MOST_CALLS}\n")
    commit(home)
    return home


def commit(home):
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "agent"]):
        subprocess.run(["git", *words], cwd=home, check=True)


def kaizen(home, *arguments):
    environment = {**os.environ, "OPENAI_API_KEY": "none"}
    done = subprocess.run([KAIZEN, "--format", "json", *arguments], cwd=home, capture_output=True, text=True, env=environment)
    return done


def apply(home, edits):
    """Applies edits to the files, as kaizen does when the gate keeps them."""
    for edit in edits:
        payload, folder = edit["payload"], home / "agents/router"
        if edit["op"] == "edit_few_shot_exemplars":
            (folder / "few_shot.json").write_text(json.dumps(payload["exemplars"], indent=1))
        elif edit["op"] == "replace_system_prompt":
            (folder / "system_prompt.md").write_text(payload["new_content"])
        elif edit["op"] == "patch_system_prompt":
            subprocess.run(["patch", "-s", folder / "system_prompt.md"], input=payload["diff"], text=True, check=True)
        else:
            with (home / "config.toml").open("a") as config:
                config.write(f"{payload['param']} = {toml(payload['value'])}\n")


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(of)}" for key, of in value.items()) + "}"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


def kaizen_run(agent, seed, parts, teach):
    home = workspace(agent, seed, parts)
    done = kaizen(home, "trust", "--yes")
    baseline = kaizen(home, "run", "--until", "baseline")
    before = get("/count")
    edits = []
    if teach:
        done = kaizen(home, "run", "--until", "plan")
        plans = list(home.glob("sessions/session-*/plan.json"))
        if not plans:
            raise RuntimeError(f"no plan: {done.returncode} {done.stdout}{done.stderr} {baseline.stderr}")
        edits = json.loads(plans[0].read_text())["edits"]
    used = get("/count") - before
    apply(home, edits)
    shown = [(edit["op"], edit["payload"].get("param"), edit["rationale"]) for edit in edits]
    return used, sealed_scores(home, parts), shown


def sealed_scores(home, parts):
    """The score of each sealed task. kaizen shows no sealed task, so the finished agent gets a workspace in which they are
    gate tasks, and the scores stand in the baseline of its first session."""
    fresh = home.with_name(home.name + "-sealed")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(home, fresh, ignore=shutil.ignore_patterns(".git", ".kaizen", "sessions"))
    rows = parts["train"] + [{**task, "split": "gate"} for task in parts["test"]]
    (fresh / "benchmark/tasks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifest = fresh / "kaizen.toml"
    manifest.write_text(manifest.read_text().replace("[benchmark]\nsubsample = 10\n", ""))
    commit(fresh)
    kaizen(fresh, "trust", "--yes")
    said = kaizen(fresh, "run", "--until", "baseline")
    found = list(fresh.glob("sessions/session-*/baseline.json"))
    if not found:
        raise RuntimeError(f"no baseline: {said.returncode} {said.stdout}{said.stderr}")
    scores = {task["task_id"]: task["score"] for task in json.loads(found[0].read_text())["evaluation"]["tasks"]}
    return [scores[task["task_id"]] for task in parts["test"]]


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    seeds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    for seed in range(1, seeds + 1):
        for method in sys.argv[5:] or METHODS:
            for agent in PROMPTS:
                file = OUT / f"{agent}-{method}-{seed}.json"
                if file.exists() or (method == "naive" and seed > 1):
                    continue
                parts = collections.defaultdict(list)
                for line in (TASKS / f"{agent}.jsonl").read_text().splitlines():
                    task = json.loads(line)
                    parts[task["split"]].append(task)
                get("/reset")
                began, shown = time.monotonic(), None
                if method in ("kaizen", "naive"):
                    used, scores, shown = kaizen_run(agent, seed, parts, method == "kaizen")
                elif method == "gepa":
                    used, scores = gepa_run(agent, seed, parts)
                else:
                    used, scores = dspy_run(agent, method, seed, parts)
                result = {"agent": agent, "method": method, "seed": seed, "calls": used, "scores": scores,
                          "seconds": round(time.monotonic() - began), "edits": shown}
                file.write_text(json.dumps(result))
                print(agent, method, seed, "calls", used, "test", round(100 * sum(scores) / len(scores), 1), flush=True)


main()
