#!/usr/bin/env python3
"""A whole session over the Model Context Protocol, with the official Python client.

    pip install mcp; python tests/peers/mcp_session.py path/to/kaizen

Creates a small workspace, lists the tools, looks at the evidence, submits a diagnosis, a bad plan and a good one, runs
the session until it settles, and checks the commits. Prints one line per step; exits with 0 if every check passes.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

LABELS = {"lamp": "lights_on", "soap": "list_add"}
ROOMS = [
    "kitchen", "hall", "attic", "cellar", "study", "nursery", "porch", "garage", "pantry", "stairs", "garden", "office",
    "studio", "lobby", "loft", "den", "shed", "barn", "gym", "bath", "balcony", "terrace", "closet", "workshop",
]
CONFIG = """[agent]
default_agent = "assistant"

[agent.assistant]
class = "tool_user"
tools = []
fallback = "none"

[intelligence]
default_model = "base"

[models.base]
weighting = "count"
k = 1
refuse_below = 0.9
"""
PROMPT = "You are the assistant of a house.\n\n- lights_on: switch the lamp on\n- list_add: put on the shopping list\n"


def make(root: Path) -> None:
    """Creates a workspace: an agent that refuses to answer, its tasks and its traces."""
    tasks, traces = [], []
    for number, room in enumerate(ROOMS):
        split = ["train", "gate"][number % 2]
        for kind, query in [("lamp", f"please switch the lamp on in the {room}"), ("soap", f"put soap for the {room} on the shopping list")]:
            task = {"task_id": f"{kind}-{number}", "query": query, "reference_answer": LABELS[kind], "category": kind, "split": split}
            tasks.append(task)
            if split == "train":
                traces.append({"trace_id": f"run-{kind}-{number}", "query": query, "agent": "assistant", "model": "base",
                               "result": "none", "outcome": "failure", "feedback": 0.0, "started_at": 1760000000 + number})
    files = {
        "config.toml": CONFIG,
        "agents/assistant/system_prompt.md": PROMPT,
        "agents/assistant/few_shot.json": "[]\n",
        "kaizen.toml": '[ledger]\nauthor = "t <t@t>"\n[session]\nmin_traces = 10\n',
        "benchmark/tasks.jsonl": "".join(json.dumps(task) + "\n" for task in tasks),
        "traces/runs.jsonl": "".join(json.dumps(trace) + "\n" for trace in traces),
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "start"], check=True)


async def call(client: ClientSession, name: str, arguments: dict | None = None, fails: bool = False):
    """Calls a tool; returns its text, parsed if it is JSON."""
    begun = time.monotonic()
    result = await client.call_tool(name, arguments or {})
    seconds = time.monotonic() - begun
    assert seconds < 20, f"{name} took {seconds:.1f} s"
    failed = getattr(result, "isError", None) or getattr(result, "is_error", None) or False
    text = result.content[0].text
    assert failed == fails, f"{name}: {text}"
    print(f"{name}: {text[:110]}")
    try:
        return json.loads(text)
    except ValueError:
        return text


async def session(client: ClientSession, root: Path) -> None:
    names = [tool.name for tool in (await client.list_tools()).tools]
    assert len(names) == 16, names
    assert (await call(client, "session_status"))["session"] is None
    traces = await call(client, "list_traces", {"outcome": "failure", "limit": 5})
    assert len(traces) == 5
    await call(client, "get_trace", {"trace_id": traces[0]["trace_id"]})
    await call(client, "search_traces", {"query": "soap"})
    tasks = await call(client, "list_personal_benchmark", {"limit": 100})
    assert len(tasks) == len(ROOMS) and all(int(task["task_id"].split("-")[1]) % 2 == 0 for task in tasks)
    await call(client, "run_student_on_task", {"task_id": "lamp-1"}, fails=True)
    failed = 0
    for task in tasks[:6]:
        failed += (await call(client, "run_student_on_task", {"task_id": task["task_id"]}))["score"] < 1
    assert "refuse_below" in await call(client, "get_current_config")
    assert "lights_on" in await call(client, "get_agent_prompt", {"agent_name": "assistant"})
    await call(client, "run_self_on_task", {"task_id": tasks[0]["task_id"]})
    compared = await call(client, "compare_outputs", {"student_output": "none", "teacher_output": "lights_on", "task": "lamp-0"})
    assert (compared["student_score"], compared["teacher_score"]) == (0.0, 1.0)
    await call(client, "submit_plan", {"edits": []}, fails=True)
    cluster = {"id": "shy", "description": "It refuses what it knows.", "student_failure_rate": failed / 6,
               "teacher_success_rate": 1.0, "sample_trace_ids": [traces[0]["trace_id"]]}
    await call(client, "submit_diagnosis", {"narrative": "x", "clusters": [{"id": "shy"}]}, fails=True)
    await call(client, "submit_diagnosis", {"narrative": "# Too shy\n\nIt refuses what it knows.", "clusters": [cluster]})
    edit = {"id": "bold", "pillar": "intelligence", "op": "set_model_param", "target": "models.base.refuse_below",
            "payload": {"model": "base", "param": "refuse_below", "value": 0.0}, "rationale": "It knows the answers.",
            "expected_improvement": "shy", "references": [traces[0]["trace_id"]]}
    bad = {**edit, "id": "out", "op": "set_agent_param", "payload": {"agent": "../../x", "param": "k", "value": 1}}
    problems = await call(client, "submit_plan", {"edits": [edit, bad, {**edit, "payload": {}}]}, fails=True)
    assert any("bold" in problem for problem in problems["problems"]), problems
    problems = await call(client, "submit_plan", {"edits": [edit, bad]}, fails=True)
    assert len(problems["problems"]) == 1 and "out" in problems["problems"][0], problems
    assert not list(root.glob("sessions/*/plan.json")), "nothing is written of a bad plan"
    await call(client, "submit_plan", {"edits": [edit]})
    await call(client, "start_benchmark")
    while (news := await call(client, "poll_benchmark", {"wait_seconds": 5}))["running"]:
        pass
    result = news["result"]
    assert result["status"] == "completed" and result["outcomes"][0]["status"] == "applied", result
    assert result["score_after"] > result["score_before"], result
    assert (await call(client, "session_status"))["next"].startswith("nothing is left")


async def main() -> None:
    kaizen = str(Path(sys.argv[1]).resolve()) if "/" in sys.argv[1] else sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root)
        server = StdioServerParameters(command=kaizen, args=["-C", folder, "mcp"])
        async with stdio_client(server) as (read, write), ClientSession(read, write) as client:
            met = await client.initialize()
            info = getattr(met, "serverInfo", None) or met.server_info
            assert info.name == "kaizen", info
            await session(client, root)
        subprocess.run([kaizen, "-C", folder, "verify"], check=True)
        subjects = subprocess.run(["git", "-C", folder, "log", "--format=%s"], check=True, capture_output=True, text=True).stdout
        assert "kaizen: set_model_param models.base.refuse_below" in subjects, subjects
        print(f"ok: {info.name} {info.version}")


asyncio.run(main())
