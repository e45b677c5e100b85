"""Time OpenJarvis 1.0.4, with which this project is compared, on a fixed plan of 50 edits.

Run it with a Python that has `openjarvis==1.0.4`, and with `git` on the PATH. It needs no network
and writes only to temporary directories (`TMPDIR` selects the file system). It prints one line of
JSON, in which each time is the median of five runs, in milliseconds:

* `session_ms`: a whole fresh process, from start to end, which imports the spec_search
  orchestrator and runs one session. The teacher is scripted and returns the diagnosis and the plan
  of 50 auto-tier edits immediately; the benchmark is scripted and alternates between gain and no gain,
  so the gate accepts every other edit. Creating the home and its git repository is not timed.
* `imports_ms`: the part of that time spent on importing the library.
* `checkpoint_ms`: 50 edits of one config.toml through the library's own checkpoint store, in a real
  git repository created beforehand: every other edit is staged and committed, the rest staged and
  discarded. A session never calls these functions (it only asks the store for HEAD), so this time
  comes on top of `session_ms`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

RUNS, EDITS = 5, 50
CONFIG = "[agent.simple]\nmax_turns = 0\n\n[models.small]\ntop_k = 0\n"
OPS = (("agent", "set_agent_param", {"agent": "simple", "param": "max_turns"}),
       ("intelligence", "set_model_param", {"model": "small", "param": "top_k"}))
CLUSTER = {"id": "c1", "student_failure_rate": 0.5, "teacher_success_rate": 1.0, "skill_gap": "stops early"}


def edit(i):
    """Edit `i` of the plan: two of one operation, then two of the other, each with its own value."""
    pillar, op, payload = OPS[i // 2 % 2]
    return {"id": f"edit_{i:03}", "pillar": pillar, "op": op, "target": payload["param"], "risk_tier": "auto",
            "payload": {**payload, "value": i + 1}, "rationale": "fixed plan", "expected_improvement": "c1"}


def teach(*, tools=None, **_):
    """Return the diagnosis for the call that offers tools, and the plan for the other call."""
    diagnosis = f"# Diagnosis\n\n```json\n{json.dumps([CLUSTER])}\n```"
    return {"content": diagnosis if tools else json.dumps({"edits": [edit(i) for i in range(EDITS)]})}


def hold_session(home):
    """In the fresh process: import the library, run the session, and check that it did all the work."""
    begun = time.perf_counter()
    from openjarvis.learning.spec_search.checkpoint.store import CheckpointStore
    from openjarvis.learning.spec_search.models import BenchmarkSnapshot
    from openjarvis.learning.spec_search.orchestrator import SpecSearchOrchestrator
    from openjarvis.learning.spec_search.storage.session_store import SessionStore
    from openjarvis.learning.spec_search.triggers import OnDemandTrigger
    imports_ms = (time.perf_counter() - begun) * 1000
    scores = []  # the baseline, one for each edit at the gate, and the final one

    def score(*, benchmark_version, subsample_size, **_):
        scores.append(0.5 + 0.1 * (len(scores) % 2))
        return BenchmarkSnapshot(benchmark_version=benchmark_version, overall_score=scores[-1],
                                 task_count=subsample_size, elapsed_seconds=0.0)

    session = SpecSearchOrchestrator(
        teacher_engine=SimpleNamespace(generate=teach), teacher_model="scripted", scorer=score,
        trace_store=SimpleNamespace(count=lambda: 20), benchmark_samples=[], student_runner=None, judge=None,
        session_store=SessionStore(home / "sessions.db"), checkpoint_store=CheckpointStore(home),
        openjarvis_home=home).run(OnDemandTrigger())
    assert session.status.value == "completed", session.error
    assert [o.status for o in session.edit_outcomes] == ["applied", "rejected_by_gate"] * (EDITS // 2)
    assert len(scores) == 1 + EDITS + 1  # so each edit reached the gate
    print(imports_ms)


def time_session(store):
    """Return the wall time of a fresh process that runs one session, and the time of its imports."""
    begun = time.perf_counter()
    imports_ms = subprocess.check_output([sys.executable, __file__, "--session", store.root])
    return (time.perf_counter() - begun) * 1000, float(imports_ms)


def time_checkpoints(store):
    """Return the wall time of 50 staged edits, every other one committed and the rest discarded."""
    config = store.root / "config.toml"
    begun = time.perf_counter()
    for i in range(EDITS):
        handle = store.begin_stage(f"edit_{i:03}")
        config.write_text(CONFIG.replace("max_turns = 0", f"max_turns = {i + 1}"))
        if i % 2 == 0:
            store.commit_stage(handle, message=f"edit {i}", session_id="session", risk_tier="auto")
        else:
            store.discard_stage(handle)
    ended = time.perf_counter()
    commits = subprocess.check_output(["git", "rev-list", "--count", "HEAD"], cwd=store.root)
    assert int(commits) == 1 + EDITS // 2  # the baseline, and each edit that was kept
    assert f"max_turns = {EDITS - 1}\n" in config.read_text()  # the last edit kept, not the last one made
    return (ended - begun) * 1000


def main():
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")  # no user configuration
    with tempfile.TemporaryDirectory() as root:
        os.environ["OPENJARVIS_HOME"] = root  # so that no import reads or creates the user's own home
        from openjarvis import __version__
        from openjarvis.learning.spec_search.checkpoint.store import CheckpointStore
        samples = []
        for i in range(RUNS):
            stores = [CheckpointStore(Path(root, f"{part}-{i}")) for part in ("session", "checkpoint")]
            for store in stores:
                store.root.mkdir()
                (store.root / "config.toml").write_text(CONFIG)
                store.init()
            samples.append((*time_session(stores[0]), time_checkpoints(stores[1])))
        session, imports, checkpoint = (round(sorted(times)[RUNS // 2], 1) for times in zip(*samples))
    print(json.dumps({"session_ms": session, "imports_ms": imports, "checkpoint_ms": checkpoint,
                      "openjarvis": __version__}))


if __name__ == "__main__":
    hold_session(Path(sys.argv[2])) if sys.argv[1:2] == ["--session"] else main()
