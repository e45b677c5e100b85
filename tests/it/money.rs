//! What kaizen counts equals what a server bills, and no limit is exceeded, whatever happens to calls and processes.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::billing::{self, Bill, Biller, Dice};
use crate::space::{KAIZEN, Space};

/// After this time a run counts as hanging.
const HANGS: Duration = Duration::from_secs(90);

/// What kaizen counted, in picodollars.
#[derive(Debug, Default)]
struct Counted {
    /// The known costs.
    known: Vec<u64>,
    /// The estimates of the other calls.
    estimated: Vec<u64>,
}

impl Counted {
    fn total(&self) -> u64 {
        self.known.iter().chain(&self.estimated).sum()
    }
}

/// One session with random settings, disturbed or not.
struct Trial {
    seed: u64,
    quiet: bool,
    limit: f64,
    concurrency: u64,
    biller: Biller,
    space: Space,
}

impl Trial {
    fn new(seed: u64) -> Self {
        let dice = Dice::new(seed);
        let quiet = dice.below(3) == 0;
        let limit = (1 + dice.below(40)) as f64 / 100.0;
        let concurrency = 1 + dice.below(32);
        let biller = Biller::start(seed, quiet);
        let longest = [
            "max_tokens = 300",
            "max_tokens = 2000",
            "",
            "body = { max_completion_tokens = 400 }",
            "body = { max_tokens = 200, n = 2 }",
        ][dice.below(5) as usize];
        let timeout = if quiet { 60 } else { 1 };
        let student = format!("concurrency = {concurrency}\n{longest}");
        let sections = format!(
            "[teacher]\nengine = \"files\"\n[session]\nmin_traces = 1\nmax_cost_usd = {limit}\n\
            [network]\nattempts = 3\ntimeout_seconds = {timeout}\n"
        );
        let prompt = 1 + dice.below(60) as usize;
        let gate = (0..10 + dice.below(15) as usize).map(|number| billing::task("gate", number));
        let tasks = gate.chain([billing::task("train", 0)]);
        let space = billing::workspace(&biller.server.url(), &student, &sections, prompt, tasks);
        space.kaizen(&["trust", "--yes"]);
        Self {
            seed,
            quiet,
            limit,
            concurrency,
            biller,
            space,
        }
    }

    /// Runs the session; at first interrupts it a few times when some requests have arrived.
    fn run(&self) -> Counted {
        let dice = Dice::new(!self.seed);
        let disturbed = if self.quiet { 0 } else { dice.below(4) };
        for _ in 0..disturbed {
            let mut child = self.start();
            let before = self.biller.server.received().len() as u64;
            let begun = Instant::now();
            while child.try_wait().unwrap().is_none() && begun.elapsed() < HANGS {
                if self.biller.server.received().len() as u64 > before + dice.below(30) {
                    let signal = ["-INT", "-KILL"][dice.below(2) as usize];
                    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
                    assert!(sent.unwrap().success());
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            self.end(child);
        }
        // What an interrupted run left; then the run that reaches the limit or the end.
        self.end(self.start());
        self.counted()
    }

    fn start(&self) -> Child {
        let mut command = self.space.bare(KAIZEN, &["run"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Waits for the end of a process, which must come.
    fn end(&self, mut child: Child) {
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if begun.elapsed() > HANGS {
                child.kill().unwrap();
                panic!("seed {}: kaizen hangs", self.seed);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Reads the logs of the session: calls that ended, and calls that were sent and did not end.
    fn counted(&self) -> Counted {
        let mut counted = Counted::default();
        let picodollars = |usd: &Value| usd.as_f64().map(|usd| (usd * 1e12).round() as u64);
        for session in std::fs::read_dir(self.space.root.join("sessions"))
            .into_iter()
            .flatten()
        {
            let folder = session.unwrap().path();
            let read = |name: &str| -> Vec<Value> {
                let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
                text.lines()
                    .filter_map(|line| serde_json::from_str(line).ok())
                    .collect()
            };
            let mut ended: BTreeMap<String, usize> = BTreeMap::new();
            for line in read("spending.jsonl") {
                *ended.entry(line["request"].to_string()).or_default() += 1;
                match picodollars(&line["cost_usd"]) {
                    Some(0) if line["free"] == true => {}
                    Some(cost) => counted.known.push(cost),
                    None => counted.estimated.push(picodollars(&line["estimated_usd"]).unwrap()),
                }
            }
            for line in read("egress.jsonl") {
                match ended.get_mut(&line["request"].to_string()).filter(|left| **left > 0) {
                    Some(left) => *left -= 1,
                    None => counted.estimated.push(picodollars(&line["estimated_usd"]).unwrap()),
                }
            }
        }
        counted
    }

    fn check(&self, counted: &Counted, bill: &Bill) {
        let what = format!("seed {}, limit {}, {} at once", self.seed, self.limit, self.concurrency);
        let mut unknown = bill.answered.clone();
        for cost in &counted.known {
            let at = unknown.iter().position(|billed| billed == cost);
            unknown.swap_remove(at.unwrap_or_else(|| panic!("{what}: nobody billed {cost}")));
        }
        let cut_off = unknown.len() + bill.cut_off.len();
        assert!(
            cut_off <= counted.estimated.len(),
            "{what}: {cut_off} calls were cut off, {counted:?}"
        );
        assert!(
            bill.total() <= counted.total(),
            "{what}: {} billed, {counted:?}",
            bill.total()
        );
        assert!(
            bill.total() as f64 / 1e12 <= self.limit,
            "{what}: {} billed",
            bill.total()
        );
        if self.quiet {
            assert_eq!(counted.total(), bill.total(), "{what}: nothing was cut off");
        }
    }
}

#[test]
fn what_kaizen_counts_is_what_a_server_bills_and_no_limit_is_exceeded() {
    let seeds = match std::env::var_os("KAIZEN_FULL") {
        Some(_) => 1000..1050,
        None => 1..6,
    };
    // A limit may be too low for a single call, but most are not.
    let (mut asked, mut sessions) = (0, 0);
    for seed in seeds {
        let trial = Trial::new(seed);
        let counted = trial.run();
        let bill = trial.biller.bill();
        trial.check(&counted, &bill);
        asked += bill.answered.len() + bill.cut_off.len();
        sessions += 1;
        println!(
            "seed {seed}: limit {} USD, {} at once, {} calls billed {:.6} USD ({} cut off); kaizen knows {} costs and \
            estimates {}, together {:.6} USD",
            trial.limit,
            trial.concurrency,
            bill.answered.len() + bill.cut_off.len(),
            bill.total() as f64 / 1e12,
            bill.cut_off.len(),
            counted.known.len(),
            counted.estimated.len(),
            counted.total() as f64 / 1e12
        );
    }
    assert!(asked > 10 * sessions, "only {asked} calls in {sessions} sessions");
}

/// A session of the trial with one edit, which a person accepts without the gate.
#[test]
fn an_edit_accepted_without_the_gate_costs_no_attempt() {
    // A seed without disturbances.
    let trial = (1..).map(Trial::new).find(|trial| trial.quiet).unwrap();
    let space = &trial.space;
    let limit = format!("max_cost_usd = {}\n", trial.limit);
    space.write("kaizen.toml", &space.read("kaizen.toml").replace(&limit, ""));
    space.commit_all("no limit");
    space.kaizen(&["trust", "--yes"]);
    billing::ask_about_an_edit(space, "temperature");
    let before = trial.biller.server.received().len();
    space.kaizen(&["accept", "e1", "--skip-gate"]).exits(0);
    let said = space.kaizen(&["run"]).exits(0);
    assert_eq!(trial.biller.server.received().len(), before, "no attempt was made");
    assert!(said.out.contains("not measured"), "{}", said.out);
    let record = space.artifact("session.json");
    assert_eq!(record["benchmark_after"], Value::Null);
    assert_eq!(record["edit_outcomes"][0]["status"], "applied");
    space.kaizen(&["verify"]).exits(0);
    let said = space.kaizen(&["--format", "json", "run", "--estimate"]).exits(0);
    let estimate = &said.events()[0];
    assert_eq!(
        (&estimate["settled"], &estimate["cost_usd"]),
        (&Value::Bool(true), &serde_json::json!(0.0))
    );
    assert!(!said.out.contains("-0.0"), "{}", said.out);
    assert!(
        space
            .kaizen(&["run", "--estimate"])
            .exits(0)
            .out
            .contains("kaizen run --new")
    );
    let said = space
        .kaizen(&["--format", "json", "run", "--new", "--estimate"])
        .exits(0);
    assert!(said.events()[0]["cost_usd"].as_f64().unwrap() > 0.0, "{}", said.out);
}

#[test]
fn a_manifest_that_is_no_text_is_the_users_to_correct() {
    let space = Space::new();
    let path = space.root.join("kaizen.toml");
    std::fs::write(&path, b"version = 1 # \xff\n").unwrap();
    space.kaizen(&["status"]).exits(2).says(&["UTF-8"]);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("nowhere", &path).unwrap();
    space.kaizen(&["status"]).exits(2).says(&["kaizen.toml"]);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    space.kaizen(&["status"]).exits(2).says(&["kaizen.toml"]);
}

#[test]
fn calls_that_a_killed_run_cut_off_are_shown() {
    let trial = (1..)
        .map(Trial::new)
        .find(|trial| trial.quiet && trial.concurrency > 3)
        .unwrap();
    let mut child = trial.start();
    while trial.biller.server.received().len() < 3 {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let counted = trial.counted();
    assert!(!counted.estimated.is_empty(), "{counted:?}");
    let said = trial.space.kaizen(&["--format", "json", "status"]).exits(0);
    let student = &said.events()[0]["spending"]["student"];
    assert_eq!(
        student["cut_off"].as_u64(),
        Some(counted.estimated.len() as u64),
        "{}",
        said.out
    );
    assert_eq!(
        (student["counted_usd"].as_f64().unwrap() * 1e12).round() as u64,
        counted.total()
    );
    let said = trial.space.kaizen(&["show"]).exits(0);
    assert!(said.out.contains("cut off, which may be charged for"), "{}", said.out);
}
