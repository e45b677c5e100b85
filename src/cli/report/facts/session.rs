//! One session: its scores, what failed, what was proposed, and what was kept.

use std::collections::BTreeMap;

use super::diff::HarnessWalk;
use super::edit::{EditContext, EditStory};
use super::source::ReportSource;
use super::spending::{RoleCost, role_costs};
use super::trace::{TraceExamples, TraceShelf};
use crate::artifact::diagnosis::{self, FailureCluster};
use crate::artifact::egress::LlmRole;
use crate::artifact::error_budget::{self, ErrorBudget};
use crate::artifact::money::Money;
use crate::artifact::plan::Plan;
use crate::artifact::record::{SessionRecord, Snapshot, without_score};
use crate::artifact::spending::RoleSpending;
use crate::cli::exit::CommandFailure;
use crate::cli::render;
use crate::cli::render::scores::NoisyScores;
use crate::cli::report::veil::{Excerpt, ShownText, Veil};
use crate::cli::show::edit::{EditDetails, known};
use crate::digest::Digest;
use crate::workspace::session::Session;

/// The maximum size of the narrative, in bytes of HTML.
const MOST_NARRATIVE: usize = 4_000;
/// The maximum number of clusters that are shown.
const MOST_CLUSTERS: usize = 20;
/// The maximum number of traces that are shown with a cluster.
const MOST_TRACES: usize = 3;
/// The maximum number of categories in the table of scores.
const MOST_CATEGORIES: usize = 40;

/// A group of failures.
#[derive(Clone, Debug)]
pub(crate) struct ClusterStory {
    /// Its name.
    pub id: ShownText,
    /// Its description.
    pub description: ShownText,
    /// The share of its train tasks that the student fails.
    pub failing: f64,
    /// The share of its train tasks that the teacher solves.
    pub solved: f64,
    /// The labels of the edits that address it.
    pub edits: Vec<ShownText>,
    /// Some of its traces.
    pub traces: TraceExamples,
}

/// The mean of a category, or of all tasks, before and after a session.
#[derive(Clone, Debug)]
pub(crate) struct ScorePair {
    /// The category.
    pub name: ShownText,
    /// Before the first edit, 0 to 1; `None` if it was not measured.
    pub before: Option<f64>,
    /// After the last edit, 0 to 1; `None` if it was not measured.
    pub after: Option<f64>,
    /// The 90 % interval of the change, if the student varies.
    pub interval: Option<[f64; 2]>,
}

/// What a report says about a session.
#[derive(Clone, Debug)]
pub(crate) struct SessionStory {
    /// The session, whose id needs no veil: it is plain.
    pub id: String,
    /// The state in words.
    pub status: &'static str,
    /// When it started, and when it ended.
    pub times: (ShownText, Option<ShownText>),
    /// What started it.
    pub trigger: &'static str,
    /// The author of the plan; empty if unknown.
    pub teacher: ShownText,
    /// Why it ended early.
    pub error: Option<ShownText>,
    /// The number of gate tasks, and how many have no score, in words.
    pub tasks: Option<(usize, Option<String>)>,
    /// The score of all tasks.
    pub score: ScorePair,
    /// The scores per category.
    pub categories: Vec<ScorePair>,
    /// The teacher's own words.
    pub narrative: Excerpt,
    /// What failed.
    pub clusters: Vec<ClusterStory>,
    /// The number of clusters that are not shown.
    pub more_clusters: usize,
    /// What was proposed, in the order of the plan.
    pub edits: Vec<EditStory>,
    /// How the error budget was spent, in words.
    pub error_budget: Option<String>,
    /// What language models cost, by role.
    pub spending: Vec<RoleCost>,
    /// What people should know about the plan.
    pub remarks: Vec<ShownText>,
}

impl SessionStory {
    /// The story of a session.
    ///
    /// # Errors
    /// A file of the session cannot be read.
    pub(crate) fn of(source: &ReportSource, session: &Session) -> Result<Self, CommandFailure> {
        let veil = &source.veil;
        let record = session.record()?;
        let plan: Option<Plan> = session.read("plan.json")?;
        let spending = render::spent_so_far(session, record.as_ref())?;
        let shelf = TraceShelf::of(source, session);
        let diagnosis = session.text(diagnosis::FILE)?.unwrap_or_default();
        let clusters = clusters(plan.as_ref(), &diagnosis);
        let budget: Option<ErrorBudget> = session.read(error_budget::FILE)?;
        let noise = NoisyScores::of(session);
        let (before, after) = snapshots(record.as_ref());
        let shown = clusters.iter().take(MOST_CLUSTERS);
        let text = |text: Option<&String>| text.map(|text| veil.line(text));
        Ok(Self {
            id: session.id.clone(),
            status: record.as_ref().map_or("begun", |record| render::words(record.status)),
            times: (
                text(record.as_ref().map(|record| &record.started_at)).unwrap_or_default(),
                text(record.as_ref().and_then(|record| record.ended_at.as_ref())),
            ),
            trigger: record.as_ref().map_or("", |record| record.trigger.words()),
            teacher: text(plan.as_ref().map(|plan| &plan.teacher_model)).unwrap_or_default(),
            error: text(record.as_ref().and_then(|record| record.error.as_ref())),
            tasks: after
                .or(before)
                .map(|one| (one.task_count, without_score(before, after))),
            score: overall(before, after, noise.as_ref()),
            categories: categories(before, after, noise.as_ref(), veil),
            narrative: veil.excerpt(narrative(plan.as_ref(), &diagnosis), MOST_NARRATIVE),
            more_clusters: clusters.len().saturating_sub(MOST_CLUSTERS),
            clusters: shown.map(|cluster| cluster_story(cluster, &shelf, veil)).collect(),
            edits: edits(source, session, plan.as_ref(), &shelf, price(&spending))?,
            error_budget: budget.map(|budget| budget.words()),
            spending: role_costs(&spending),
            remarks: plan
                .iter()
                .flat_map(Plan::remarks)
                .map(|remark| veil.line(&remark))
                .collect(),
        })
    }
}

/// The clusters of the plan, or of the diagnosis if there is no plan yet.
fn clusters(plan: Option<&Plan>, diagnosis: &str) -> Vec<FailureCluster> {
    if let Some(plan) = plan {
        return plan.failure_clusters.clone();
    }
    // A diagnosis that is half written shows none.
    let read = diagnosis::block(diagnosis).and_then(|block| serde_json::from_str(block).ok());
    read.unwrap_or_default()
}

/// The teacher's words about what failed.
fn narrative<'t>(plan: Option<&'t Plan>, diagnosis: &'t str) -> &'t str {
    match diagnosis::narrative(diagnosis) {
        "" => plan.map_or("", |plan| &plan.diagnosis_summary),
        narrative => narrative,
    }
}

/// The scores before the first edit and after the last one.
fn snapshots(record: Option<&SessionRecord>) -> (Option<&Snapshot>, Option<&Snapshot>) {
    record.map_or((None, None), |record| {
        (record.benchmark_before.as_ref(), record.benchmark_after.as_ref())
    })
}

/// The mean price of a student run, if the student calls a paid model.
fn price(spending: &BTreeMap<LlmRole, RoleSpending>) -> Option<Money> {
    let student = spending.get(&LlmRole::Student).filter(|spent| spent.calls > 0)?;
    Some(student.counted().share(1, student.calls))
}

fn edits(
    source: &ReportSource,
    session: &Session,
    plan: Option<&Plan>,
    shelf: &TraceShelf,
    price: Option<Money>,
) -> Result<Vec<EditStory>, CommandFailure> {
    let known = known(session)?;
    let context = EditContext::of(&known, shelf, price);
    let mut walk = HarnessWalk::of(source, session);
    let story = |(digest, known): (Digest, &EditDetails)| EditStory {
        worth: source.worth(digest),
        ..context.story(known, digest, walk.next(known))
    };
    Ok(in_order(plan, &known).into_iter().map(story).collect())
}

/// The edits in the order of the plan; those that left it come last.
fn in_order<'k>(plan: Option<&Plan>, known: &'k BTreeMap<Digest, EditDetails>) -> Vec<(Digest, &'k EditDetails)> {
    let places = plan
        .iter()
        .flat_map(|plan| &plan.edits)
        .map(|edit| edit.digest())
        .enumerate();
    let mut order: BTreeMap<Digest, usize> = BTreeMap::new();
    places.for_each(|(place, digest)| {
        order.entry(digest).or_insert(place);
    });
    let mut all: Vec<(Digest, &EditDetails)> = known.iter().map(|(digest, known)| (*digest, known)).collect();
    all.sort_by_key(|(digest, _)| order.get(digest).copied().unwrap_or(usize::MAX));
    all
}

fn cluster_story(cluster: &FailureCluster, shelf: &TraceShelf, veil: &Veil) -> ClusterStory {
    ClusterStory {
        id: veil.line(&cluster.id),
        description: veil.line(&cluster.description),
        failing: cluster.student_failure_rate,
        solved: cluster.teacher_success_rate,
        edits: cluster.addressed_by_edit_ids.iter().map(|id| veil.line(id)).collect(),
        traces: shelf.examples(&cluster.sample_trace_ids, MOST_TRACES),
    }
}

fn overall(before: Option<&Snapshot>, after: Option<&Snapshot>, noise: Option<&NoisyScores>) -> ScorePair {
    ScorePair {
        name: ShownText::default(),
        before: before.map(|before| before.overall_score),
        after: after.map(|after| after.overall_score),
        interval: noise.filter(|_| after.is_some()).and_then(NoisyScores::interval),
    }
}

fn categories(
    before: Option<&Snapshot>,
    after: Option<&Snapshot>,
    noise: Option<&NoisyScores>,
    veil: &Veil,
) -> Vec<ScorePair> {
    let Some(named) = after.or(before) else {
        return Vec::new();
    };
    let score = |of: Option<&Snapshot>, name: &str| of.and_then(|of| of.cluster_scores.get(name).copied());
    let pair = |name: &String| ScorePair {
        before: score(before, name),
        after: score(after, name),
        interval: noise.and_then(|noise| noise.category_interval(name)),
        name: veil.line(name),
    };
    named.cluster_scores.keys().take(MOST_CATEGORIES).map(pair).collect()
}

/// A session in one line.
#[derive(Clone, Debug)]
pub(crate) struct SessionLine {
    /// The session, whose id needs no veil: it is plain.
    pub id: String,
    /// The state in words.
    pub status: &'static str,
    /// When it started.
    pub started_at: ShownText,
    /// The score before and after.
    pub score: ScorePair,
    /// How many edits were kept, and how many there were.
    pub kept: (usize, usize),
    /// How many wait for a person.
    pub waiting: usize,
    /// Why it ended early.
    pub error: Option<ShownText>,
}

impl SessionLine {
    /// The line of a session with this record.
    pub(crate) fn of(session: &Session, record: Option<&SessionRecord>, veil: &Veil) -> Self {
        use crate::artifact::outcome::OutcomeStatus::{Applied, PendingReview};
        let outcomes = record.map_or(&[][..], |record| &record.edit_outcomes);
        let count = |status| outcomes.iter().filter(|outcome| outcome.status == status).count();
        let (before, after) = snapshots(record);
        Self {
            id: session.id.clone(),
            status: record.map_or("unreadable", |record| render::words(record.status)),
            started_at: veil.line(record.map_or("", |record| &record.started_at)),
            score: overall(before, after, None),
            kept: (count(Applied), outcomes.len()),
            waiting: count(PendingReview),
            error: record
                .and_then(|record| record.error.as_ref())
                .map(|error| veil.line(error)),
        }
    }
}
