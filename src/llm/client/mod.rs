//! Calls: language models behind HTTP, metered. Every call is redacted, within the budget, written down before it leaves,
//! retried when that may help, and remembered by exactly what was asked.
#![allow(clippy::disallowed_methods)] // edge: the environment, the clock, the network

mod account;
mod attempts;
mod http;
mod metered;
mod program;
mod redacted;
mod settle;
mod store;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use self::account::{Account, Leave};
pub(crate) use self::account::{egress, spent};
use self::http::Http;
pub(crate) use self::metered::MeteredModel;
pub(crate) use self::program::Reported;
use self::store::Store;
pub(crate) use self::texts::texts;
use crate::artifact::egress::{Egress, Role};
use crate::artifact::spending::Spending;
use crate::digest::Digest;
use crate::llm::model::AskError;
use crate::llm::redact::Redactor;
use crate::manifest::chat::{ChatSettings, NetworkSection, Price};
use crate::manifest::{Manifest, PrivacySection};
use crate::sys::clock::Clock;
use crate::sys::consent::{Approvals, Consent};
use crate::sys::disk::{DiskError, OWN_FOLDER, Root};

/// The store's file in a workspace.
pub(crate) const STORE: &str = ".kaizen/calls.db";

/// So many calls that one after another do not reach their server mean that it is gone.
const GONE: u32 = 6;

/// The way to all language models of a workspace.
pub struct LlmClient {
    /// Opened by the first call: who only looks needs neither the file nor the certificates.
    store: OnceLock<Result<Store, String>>,
    root: Root,
    http: OnceLock<Result<Http, String>>,
    clock: Clock,
    approvals: Arc<Approvals>,
    network: NetworkSection,
    prices: BTreeMap<String, Price>,
    max_cost_usd: Option<f64>,
    privacy: PrivacySection,
    redactor: Redactor,
    state: Mutex<State>,
    changed: Condvar,
}

/// What calls of several threads share.
struct State {
    account: Account,
    scope: String,
    /// Questions that are under way: the same one waits for their answer.
    asking: BTreeSet<Digest>,
    /// Servers that asked to be left alone until then.
    paused: BTreeMap<String, Instant>,
    /// What the dearest attempt of a program took so far, in dollars; `None` before the first has come back.
    dearest_attempt: Option<f64>,
    /// A model that a program asked, and whose price nobody knows.
    unpriced: Option<String>,
    /// Calls in a row that did not reach their server.
    failures: u32,
    halted: Option<String>,
    /// Requests to the student out of which something was taken.
    changed: usize,
    /// Answers of the student that came out of the store.
    replayed: usize,
}

impl State {
    /// Nothing has happened yet.
    fn of(account: Account, scope: &str) -> Self {
        Self {
            account,
            scope: scope.to_owned(),
            asking: BTreeSet::new(),
            paused: BTreeMap::new(),
            dearest_attempt: None,
            unpriced: None,
            failures: 0,
            halted: None,
            changed: 0,
            replayed: 0,
        }
    }
}

impl LlmClient {
    /// The way to the models of a manifest; store and account are in the own folder of `root`, until another account is
    /// opened. Nothing is sent without consent.
    pub fn new(
        manifest: &Manifest,
        redactor: Redactor,
        root: &Root,
        clock: Clock,
        approvals: Arc<Approvals>,
    ) -> Arc<Self> {
        let state = State::of(Account::new(root, Path::new(OWN_FOLDER)), "");
        Arc::new(Self {
            store: OnceLock::new(),
            root: root.clone(),
            http: OnceLock::new(),
            clock,
            approvals,
            network: manifest.network.clone(),
            prices: manifest.prices.clone(),
            max_cost_usd: manifest.session.max_cost_usd,
            privacy: manifest.privacy.clone(),
            redactor,
            state: Mutex::new(state),
            changed: Condvar::new(),
        })
    }

    fn store(&self) -> Result<&Store, String> {
        let open = || Store::open(&self.root, STORE);
        self.store.get_or_init(open).as_ref().map_err(Clone::clone)
    }

    fn http(&self) -> Result<&Http, String> {
        let timeout = Duration::from_secs(self.network.timeout_seconds);
        self.http
            .get_or_init(|| Http::new(timeout))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The proof that programs may be started and servers asked.
    ///
    /// # Errors
    /// Nobody approved it, in words for people.
    pub(crate) fn consent(&self) -> Result<Consent, String> {
        self.approvals.consent()
    }

    /// A model for a role.
    pub fn model(self: &Arc<Self>, role: Role, settings: ChatSettings) -> MeteredModel {
        MeteredModel::new(Arc::clone(self), role, settings)
    }

    /// From now on, calls are charged to the account of this folder, and belong to this scope.
    ///
    /// # Errors
    /// What was spent there before cannot be read.
    pub(crate) fn charge(&self, folder: &Path, scope: &str) -> Result<(), DiskError> {
        let mut account = Account::open(&self.root, folder)?;
        self.settle(folder, &mut account)?;
        *self.state() = State::of(account, scope);
        Ok(())
    }

    /// Takes secrets out of texts, as the manifest says.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Why no further call makes sense: the budget is spent, or the server is gone.
    pub(crate) fn halted(&self) -> Option<String> {
        self.state().halted.clone()
    }

    /// What a person should know of requests to the student that were not sent as they are, since the charge began.
    pub(crate) fn changed_questions(&self) -> Option<String> {
        let count = self.state().changed;
        (count > 0).then(|| {
            format!(
                "secrets or addresses were taken out of {count} requests to the student, which may change its answers; \
                 keys never leave; [privacy] redact_student and redact say what else is removed"
            )
        })
    }

    /// How many of the student's answers came out of the store, since the charge began: they cost nothing.
    pub(crate) fn replayed(&self) -> usize {
        self.state().replayed
    }

    fn note_replayed(&self, role: Role) {
        if role == Role::Student {
            self.state().replayed += 1;
        }
    }

    /// Forgets the teacher's answers of a scope, so that they are asked anew.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(crate) fn forget(&self, scope: &str) -> Result<usize, String> {
        match self.root.has_file(STORE) {
            true => self.store()?.forget(scope),
            false => Ok(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody else asks the same; from then on it is ours to ask.
    fn claim(&self, request: Digest) {
        let mut state = self.state();
        while !state.asking.insert(request) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn unclaim(&self, request: &Digest) {
        self.state().asking.remove(request);
        self.changed.notify_all();
    }

    /// Sets money aside for a call; waits for others to come back where that may make room, and where it may change what
    /// the call is thought to cost, and by which model.
    fn reserve(&self, estimate: impl Fn(&State) -> (Option<f64>, String)) -> Result<f64, AskError> {
        let mut state = self.state();
        loop {
            let (estimated, model) = estimate(&state);
            match state.account.leave(estimated, self.max_cost_usd, &model) {
                Leave::Granted(reserved) => return Ok(reserved),
                Leave::Later => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Leave::Refused(why) => {
                    state.halted = Some(why.clone());
                    return Err(AskError::OverBudget(why));
                }
            }
        }
    }

    /// Writes down what is about to leave; first its text, so that no line lacks one.
    fn announce(&self, line: &Egress, text: &str) -> Result<(), AskError> {
        // Only the teacher is asked anew when its phase is done again: what the student answered stays an answer.
        let scope = match line.role {
            Role::Teacher => self.state().scope.clone(),
            _ => String::new(),
        };
        let unwritten = |problem: String| AskError::Unreachable(format!("nothing was sent: {problem}"));
        let kept = self
            .store()
            .and_then(|store| store.sending(&line.request, text, &scope));
        kept.map_err(unwritten)?;
        let noted = self.state().account.note_egress(line);
        noted.map_err(|error| unwritten(error.to_string()))
    }

    fn note_spending(&self, line: &Spending, reserved: f64) {
        let noted = self.state().account.note_spending(line, reserved);
        self.changed.notify_all();
        if let Err(error) = noted {
            // The answer is in the store with its cost; what is lost is a line of the record.
            tracing::warn!(%error, "what was paid could not be written down");
        }
    }

    fn release(&self, reserved: f64) {
        self.state().account.release(reserved);
        self.changed.notify_all();
    }

    /// Waits as long as a server asked everybody to.
    fn wait_for(&self, server: &str) {
        loop {
            let until = self.state().paused.get(server).copied();
            let Some(left) = until.and_then(|until| until.checked_duration_since(Instant::now())) else {
                return;
            };
            std::thread::sleep(left.min(Duration::from_millis(250)));
        }
    }

    fn pause(&self, server: &str, pause: Duration) {
        let until = Instant::now() + pause;
        let mut state = self.state();
        let slot = state.paused.entry(server.to_owned()).or_insert(until);
        *slot = (*slot).max(until);
    }

    /// No further call makes sense: no key, or no way out.
    fn give_up(&self, error: &AskError) {
        self.state().halted.get_or_insert_with(|| error.to_string());
    }

    /// Counts calls that do not reach their server; after several in a row there is no point in more.
    fn note_reached(&self, reached: Result<(), &AskError>) {
        let mut state = self.state();
        match reached {
            Ok(()) => state.failures = 0,
            Err(error) => {
                state.failures += 1;
                if state.failures >= GONE && state.halted.is_none() {
                    state.halted = Some(format!("{error} ({GONE} calls in a row)"));
                }
            }
        }
    }
}
