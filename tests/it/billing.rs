//! A language model that bills: it counts what it earns in exact picodollars. It obeys limits of the answer's length,
//! reads a part of the input from a cache, and fails in the ways in which servers fail.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::edits::{edit, helping};
use crate::server::{Received, Reply, Server};
use crate::space::Space;

/// The prices of the model `m`, in picodollars per token: input, input from the cache, output.
const PRICES: [u64; 3] = [2_500_000, 1_250_000, 10_000_000];

/// The prices in the form of the manifest, in dollars per million tokens.
pub const PRICED: &str = "[prices.m]\ninput = 2.5\noutput = 10.0\ncache_read = 1.25\n";

/// A workspace whose agent `a` asks the model `m` of the server at this address. `student`: further settings of the
/// student; `sections`: the other sections of the manifest; `prompt`: the number of lines of the agent's prompt.
pub fn workspace(url: &str, student: &str, sections: &str, prompt: usize, tasks: impl Iterator<Item = Value>) -> Space {
    let space = Space::empty();
    space.write(
        "kaizen.toml",
        &format!("[student]\nengine = \"chat\"\nbase_url = \"{url}\"\nmodel = \"m\"\n{student}\n{sections}{PRICED}"),
    );
    space.write("config.toml", "[agent.a]\n");
    space.write("agents/a/system_prompt.md", &"You are helpful.\n".repeat(prompt));
    space.write(
        "benchmark/t.jsonl",
        &tasks.map(|task| format!("{task}\n")).collect::<String>(),
    );
    let trace = json!({"trace_id": "r", "query": "other", "result": "x", "outcome": "failure", "agent": "a"});
    space.write("traces/t.jsonl", &format!("{trace}\n"));
    space.write(".gitignore", ".kaizen/\n");
    space.git(&["init", "-q", "-b", "main"]);
    space.commit_all("start");
    space
}

/// A task of the agent `a`.
pub fn task(split: &str, number: usize) -> Value {
    json!({"task_id": format!("{split}{number}"), "query": format!("{split} question {number}"),
        "reference_answer": "y", "agent": "a", "split": split})
}

/// Begins a session whose only edit, `e1`, sets a parameter of the agent and waits for an answer.
pub fn ask_about_an_edit(space: &Space, param: &str) {
    let payload = json!({"agent": "a", "param": param, "value": 0.3});
    let edit = edit("e1", "set_agent_param", &format!("agents.a.{param}"), payload);
    space.diagnose_and_plan("r", "train0", &[helping("c1", edit)]);
    space.kaizen(&["run", "--autonomy", "manual"]).exits(3);
}

/// What the server earned, in picodollars.
#[derive(Clone, Debug, Default)]
pub struct Bill {
    /// Of each complete answer.
    pub answered: Vec<u64>,
    /// Of each answer that was too late, broken or cut off.
    pub cut_off: Vec<u64>,
}

impl Bill {
    pub fn total(&self) -> u64 {
        self.answered.iter().chain(&self.cut_off).sum()
    }
}

/// A source of random numbers: SplitMix64.
pub struct Dice(AtomicU64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// A number below `below`.
    pub fn below(&self, below: u64) -> u64 {
        let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

/// A server that bills.
pub struct Biller {
    pub server: Server,
    bill: Arc<Mutex<Bill>>,
}

impl Biller {
    /// Starts the server. If it is `quiet`, each call gets a complete answer.
    pub fn start(seed: u64, quiet: bool) -> Self {
        let bill = Arc::new(Mutex::new(Bill::default()));
        let (own, dice) = (Arc::clone(&bill), Dice::new(seed));
        let answer = move |request: &Received| answer(request, &dice, quiet, &own);
        Self {
            server: Server::answering(Box::new(answer)),
            bill,
        }
    }

    pub fn bill(&self) -> Bill {
        self.bill.lock().unwrap().clone()
    }
}

fn answer(request: &Received, dice: &Dice, quiet: bool, bill: &Mutex<Bill>) -> Reply {
    let body = request.json();
    let input = request.body.len() as u64 / 4;
    let cached = match dice.below(3) {
        0 => input / 2,
        _ => 0,
    };
    let limit = ["max_tokens", "max_completion_tokens"]
        .iter()
        .find_map(|name| body[*name].as_u64());
    let answers = body["n"].as_u64().unwrap_or(1);
    let output = (1 + dice.below(600)).min(limit.unwrap_or(u64::MAX)) * answers;
    let cost = (input - cached) * PRICES[0] + cached * PRICES[1] + output * PRICES[2];
    let text = json!({
        "id": "x", "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "y"}}],
        "usage": {
            "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
            "prompt_tokens_details": {"cached_tokens": cached}
        }
    });
    let delay = Duration::from_millis(dice.below(20));
    let reply = Reply::raw(200, text.to_string()).after(delay);
    let (kept, reply) = match if quiet { 99 } else { dice.below(60) } {
        0 => return Reply::error(429, "slow down").header("retry-after", "0"),
        1 => return Reply::error(503, "busy"),
        2 => (false, reply.after(Duration::from_millis(1600))),
        3 => (false, reply.hanging_up()),
        4 => (false, Reply::raw(200, "{\"choices\": [").after(delay)),
        _ => (true, reply),
    };
    let mut bill = bill.lock().unwrap();
    let part = if kept { &mut bill.answered } else { &mut bill.cut_off };
    part.push(cost);
    reply
}
