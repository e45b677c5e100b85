#!/usr/bin/env node
// A whole session over the Model Context Protocol, with the official TypeScript client.
//
//     npm install @modelcontextprotocol/sdk; node tests/peers/mcp_session.mjs . path/to/kaizen path/to/workspace
//
// The first argument is the folder with node_modules, the last a workspace with past runs. Prints one line per step; exits
// with 0 if every check passes.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [folder, kaizen, workspace] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(`${folder}/`);
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");

const client = new Client({ name: "typescript", version: "1" });
await client.connect(new StdioClientTransport({ command: kaizen, args: ["-C", workspace, "mcp"], env: process.env }));

async function call(name, args = {}, fails = false) {
  const result = await client.callTool({ name, arguments: args });
  const [text, note] = result.content.map((content) => content.text);
  console.log(`${name}: ${text.slice(0, 110)}`);
  assert.equal(result.isError ?? false, fails, text);
  return [JSON.parse(text), note && JSON.parse(note)];
}

assert.equal(client.getServerVersion().name, "kaizen");
const { tools } = await client.listTools();
assert.equal(tools.length, 16);
assert.ok(tools.every((tool) => tool.annotations.readOnlyHint !== undefined));
await client.ping();
await assert.rejects(client.callTool({ name: "nope", arguments: {} }), /-32602/);
await assert.rejects(client.listResources(), /resources/);

const [traces, note] = await call("list_traces", { limit: 2, agent: "", outcome: "" });
assert.deepEqual([traces.length, note.next_offset], [2, 2]);
const [[third]] = await call("list_traces", { limit: 1, offset: 2 });
assert.ok(traces.every((trace) => trace.trace_id !== third.trace_id));
await call("list_traces", { limit: 0 }, true);
await call("search_traces", { query: "half of an emoji: \ud83d" });

const cluster = { id: "home", description: "It is too shy.", student_failure_rate: 1, sample_trace_ids: [third.trace_id] };
const [wrong] = await call("submit_diagnosis", { narrative: "x", clusters: [{ id: "home" }, 5] }, true);
assert.equal(wrong.problems.length, 3);
await call("submit_diagnosis", { narrative: "# Too shy", clusters: JSON.stringify([cluster]), markdown: "" });
const edit = {
  id: "bold", pillar: "intelligence", op: "set_model_param", target: "models.base.refuse_below",
  payload: { model: "base", param: "refuse_below", value: 0 }, rationale: "It knows the answers.",
  expected_improvement: "home", references: [],
};
await call("submit_plan", { edits: JSON.stringify([edit]) });
await call("start_benchmark");
let [news] = await call("poll_benchmark", { wait_seconds: 5 });
while (news.running) [news] = await call("poll_benchmark", { wait_seconds: 5 });
assert.equal(news.result.outcomes[0].status, "applied");
const [status] = await call("session_status");
assert.equal(status.next, news.next);
await client.close();
console.log("ok");
