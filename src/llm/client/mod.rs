//! The client for language models over HTTP. Every call is redacted, kept within the budget, logged before it is sent,
//! retried when that may help, and stored by the digest of the exact request.
#![allow(clippy::disallowed_methods)] // edge: the environment, the clock, the network

mod account;
mod attempts;
mod dialect;
mod http;
mod limit;
mod load;
pub(crate) mod local_servers;
mod metered;
mod program;
mod rejected;
mod reported;
mod store;
pub(crate) mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use self::account::{Account, Leave};
pub(crate) use self::account::{egress, spent};
use self::dialect::Dialects;
use self::http::Http;
pub(crate) use self::limit::SpendingLimit;
pub(crate) use self::metered::MeteredModel;
pub(crate) use self::program::ReportedUsage;
use self::store::CallStore;
pub(crate) use self::store::texts;
use crate::artifact::Money;
use crate::artifact::egress::{Egress, LlmRole};
use crate::artifact::spending::Spending;
use crate::digest::Digest;
use crate::llm::model::AskError;
use crate::llm::redact::Redactor;
use crate::manifest::chat::{ChatSettings, NetworkSection, Price};
use crate::manifest::{Manifest, PrivacySection};
use crate::sys::clock::Clock;
use crate::sys::consent::{Approvals, Consent};
use crate::sys::disk::{DiskError, OWN_FOLDER, Root};

/// The store's file, relative to the workspace.
pub(crate) const STORE: &str = ".kaizen/calls.db";

/// After this many failed calls in a row, the server counts as unreachable.
const GONE: u32 = 6;

/// The client for all language models of a workspace.
pub struct LlmClient {
    /// Opened by the first call, because commands that only read need neither the file nor certificates.
    store: OnceLock<Result<CallStore, String>>,
    root: Root,
    http: OnceLock<Result<Http, String>>,
    dialects: Dialects,
    clock: Clock,
    approvals: Arc<Approvals>,
    network: NetworkSection,
    prices: BTreeMap<String, Price>,
    limit: Option<SpendingLimit>,
    privacy: PrivacySection,
    redactor: Redactor,
    state: Mutex<ClientState>,
    changed: Condvar,
}

/// A call in flight, and what is reserved for it. The call ends when this is dropped, even by a panic, so that no other
/// call waits for it in vain.
pub(crate) struct Reservation<'c> {
    calls: &'c LlmClient,
    amount: Money,
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.calls.release(self.amount);
    }
}

/// State shared by calls from several threads.
struct ClientState {
    account: Account,
    /// What a loop may still spend, or the limit of a command.
    further_limit: Option<SpendingLimit>,
    /// Whether a call was refused because of a loop's limit.
    loop_limit_reached: bool,
    /// Whether a call was refused because of any limit.
    limit_reached: bool,
    scope: String,
    /// Requests in flight: an identical request waits for the answer.
    in_flight: BTreeSet<Digest>,
    /// Servers that asked for a pause, with its end.
    paused: BTreeMap<String, Instant>,
    /// Cost of the most expensive attempt of a program so far; `None` until the first has finished.
    max_attempt_cost: Option<Money>,
    /// A model with an unknown price that a program used.
    unpriced: Option<String>,
    /// Warnings that were given.
    warned: BTreeSet<String>,
    /// Number of failed calls in a row.
    failures: u32,
    halted: Option<String>,
    /// Number of requests to the student that redaction changed.
    changed: usize,
    /// Number of the student's answers that came from the store.
    replayed: usize,
    /// Number of calls that had to be repeated.
    retries: usize,
}

impl ClientState {
    /// The initial state.
    fn of(account: Account, scope: &str) -> Self {
        Self {
            account,
            further_limit: None,
            loop_limit_reached: false,
            limit_reached: false,
            scope: scope.to_owned(),
            in_flight: BTreeSet::new(),
            paused: BTreeMap::new(),
            max_attempt_cost: None,
            unpriced: None,
            warned: BTreeSet::new(),
            failures: 0,
            halted: None,
            changed: 0,
            replayed: 0,
            retries: 0,
        }
    }
}

impl LlmClient {
    /// Creates a client for the models of a manifest. Store and account are in kaizen's own folder under `root`; see
    /// [`Self::charge`] for another account. Nothing is sent without consent.
    pub fn new(
        manifest: &Manifest,
        redactor: Redactor,
        root: &Root,
        clock: Clock,
        approvals: Arc<Approvals>,
    ) -> Arc<Self> {
        let state = ClientState::of(Account::new(root, Path::new(OWN_FOLDER)), "");
        Arc::new(Self {
            store: OnceLock::new(),
            root: root.clone(),
            http: OnceLock::new(),
            dialects: Dialects::of(root),
            clock,
            approvals,
            network: manifest.network.clone(),
            prices: manifest.prices.clone(),
            limit: manifest.session.max_cost_usd.map(SpendingLimit::of_session),
            privacy: manifest.privacy.clone(),
            redactor,
            state: Mutex::new(state),
            changed: Condvar::new(),
        })
    }

    fn store(&self) -> Result<&CallStore, String> {
        let open = || CallStore::open(&self.root, STORE);
        self.store.get_or_init(open).as_ref().map_err(Clone::clone)
    }

    fn http(&self) -> Result<&Http, String> {
        let timeout = Duration::from_secs(self.network.timeout_seconds);
        self.http
            .get_or_init(|| Http::new(timeout))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The proof that programs may be started and requests sent.
    ///
    /// # Errors
    /// Nobody approved them; the message is for people.
    pub(crate) fn consent(&self) -> Result<Consent, String> {
        self.approvals.consent()
    }

    /// The clock of this process.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Creates a model for a role.
    pub fn model(self: &Arc<Self>, role: LlmRole, settings: ChatSettings) -> MeteredModel {
        MeteredModel::new(Arc::clone(self), role, settings)
    }

    /// Charges later calls to the account of this folder under `root`, and assigns them to this scope.
    ///
    /// # Errors
    /// The folder's log of spending cannot be read.
    pub(crate) fn charge(&self, root: &Root, folder: &Path, scope: &str) -> Result<(), DiskError> {
        self.settle(root, folder)?;
        let account = Account::open(root, folder)?;
        let mut state = self.state();
        *state = ClientState {
            further_limit: state.further_limit.take(),
            ..ClientState::of(account, scope)
        };
        Ok(())
    }

    /// Limits the spending further than the manifest does: to what a loop may still spend, or to the limit of a command.
    pub(crate) fn limit_further(&self, limit: SpendingLimit) {
        self.state().further_limit = Some(limit);
    }

    /// Whether a call was refused since the last [`Self::charge`] because of the loop's limit.
    pub(crate) fn loop_limit_reached(&self) -> bool {
        self.state().loop_limit_reached
    }

    /// Whether a limit is in force.
    fn is_limited(&self) -> bool {
        self.limit.is_some() || self.state().further_limit.is_some()
    }

    /// The limits in force.
    fn limits(&self, state: &ClientState) -> Vec<SpendingLimit> {
        self.limit.iter().chain(&state.further_limit).cloned().collect()
    }

    /// The redactor, configured by the manifest.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Whether a call was refused since the last [`Self::charge`] because of a limit of its cost.
    pub(crate) fn limit_reached(&self) -> bool {
        self.state().limit_reached
    }

    /// Why no further calls are made: the budget is spent, or the server is unreachable.
    pub(crate) fn halted(&self) -> Option<String> {
        self.state().halted.clone()
    }

    /// A note about requests to the student that redaction changed since the last [`Self::charge`].
    pub(crate) fn changed_questions(&self) -> Option<String> {
        let count = self.state().changed;
        (count > 0).then(|| {
            format!(
                "secrets or personal data were redacted in {count} requests to the student, which may change its \
                answers; keys are always redacted; [privacy] redact_student and redact control the rest"
            )
        })
    }

    /// The number of the student's answers that came from the store, at no cost, since the last [`Self::charge`].
    pub(crate) fn replayed(&self) -> usize {
        self.state().replayed
    }

    fn note_replayed(&self, role: LlmRole) {
        if role == LlmRole::Student {
            self.state().replayed += 1;
        }
    }

    /// Deletes the teacher's answers of a scope, so that the requests are sent again.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(crate) fn forget(&self, scope: &str) -> Result<usize, String> {
        match self.root.has_file(STORE).map_err(|error| error.to_string())? {
            true => self.store()?.forget(scope),
            false => Ok(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, ClientState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Claims a request, after waiting for other threads that have claimed it.
    fn claim(&self, request: Digest) {
        let mut state = self.state();
        while !state.in_flight.insert(request) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn unclaim(&self, request: &Digest) {
        self.state().in_flight.remove(request);
        self.changed.notify_all();
    }

    /// Reserves budget for a call. Blocks while calls in flight could free budget or change this call's estimate.
    fn reserve(&self, estimate: impl Fn(&ClientState) -> (Option<Money>, String)) -> Result<Reservation<'_>, AskError> {
        let mut state = self.state();
        loop {
            let (estimated, model) = estimate(&state);
            let limits = self.limits(&state);
            match state.account.leave(estimated, &limits, &model) {
                Leave::Granted(amount) => return Ok(Reservation { calls: self, amount }),
                Leave::Later => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Leave::Refused { why, by_loop } => {
                    state.halted = Some(why.clone());
                    state.loop_limit_reached |= by_loop;
                    state.limit_reached = true;
                    return Err(AskError::OverBudget(why));
                }
            }
        }
    }

    /// Logs a request before it is sent. Its text is stored first, so that every logged request has a text.
    fn announce(&self, line: &Egress, text: &str) -> Result<(), AskError> {
        // Only the teacher's answers are deleted when its phase is redone; the student's answers remain valid.
        let scope = match line.role {
            LlmRole::Teacher => self.state().scope.clone(),
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

    /// Logs a call that ended, and then releases what was reserved for it.
    fn note_spending(&self, line: &Spending, reserved: Reservation) {
        let noted = self.state().account.note_spending(line);
        drop(reserved);
        if let Err(error) = noted {
            // The answer and its cost are in the store; only a log line is lost.
            tracing::warn!(%error, "a payment could not be logged");
        }
    }

    fn release(&self, reserved: Money) {
        self.state().account.release(reserved);
        self.changed.notify_all();
    }

    /// Waits until the end of the pause that a server asked for.
    fn wait_for(&self, server: &str) {
        loop {
            let until = self.state().paused.get(server).copied();
            let Some(left) = until.and_then(|until| until.checked_duration_since(Instant::now())) else {
                return;
            };
            std::thread::sleep(left.min(Duration::from_millis(250)));
        }
    }

    /// Makes all calls to a server wait. Returns whether the server was not paused already.
    fn pause(&self, server: &str, pause: Duration) -> bool {
        let now = Instant::now();
        let until = now + pause;
        let mut state = self.state();
        state.retries += 1;
        let was = state.paused.get(server).copied().filter(|was| *was > now);
        state
            .paused
            .insert(server.to_owned(), was.map_or(until, |was| was.max(until)));
        was.is_none()
    }

    /// Gives a warning, unless it was given since the last [`Self::charge`].
    pub(crate) fn warn_once(&self, text: &str) {
        if self.state().warned.insert(text.to_owned()) {
            tracing::warn!("{text}");
        }
    }

    /// Stops further calls, because there is no key, consent or HTTP client.
    fn give_up(&self, error: &AskError) {
        self.state().halted.get_or_insert_with(|| error.to_string());
    }

    /// Counts failed calls; after several in a row, further calls are stopped.
    fn note_reached(&self, reached: Result<(), &AskError>) {
        self.note_attempt(reached.map_err(|error| error.to_string()));
    }

    /// Counts failed attempts of programs as well.
    pub(crate) fn note_attempt(&self, reached: Result<(), String>) {
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
