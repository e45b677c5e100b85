//! Draws the live state on a terminal. Pure: the same state gives the same frame.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Gauge, Paragraph, Wrap};

use super::help::HELP;
use crate::cli::live::{LiveEdit, LivePhase, LiveState, LiveWork, PhaseProgress};

/// The width from which sessions and log have a column of their own.
const WIDE: u16 = 140;

/// What the view shows besides the state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prompt {
    /// The answer to the last key.
    pub message: String,
    /// Whether the help covers the view.
    pub is_helping: bool,
}

/// Draws a frame.
pub(crate) fn draw(frame: &mut Frame, state: &LiveState, prompt: &Prompt) {
    let [title, body, footer] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(frame.area());
    frame.render_widget(heading(state), title);
    frame.render_widget(keys(prompt), footer);
    if prompt.is_helping {
        let help = Paragraph::new(HELP)
            .block(Block::bordered().title(" Keys "))
            .wrap(Wrap { trim: false });
        return frame.render_widget(help, body);
    }
    let [work, phases, edits, sessions, log] = areas(body, state);
    works(frame, state, work);
    frame.render_widget(phase_line(&state.phases), phases);
    frame.render_widget(edit_list(&state.edits, edits), edits);
    frame.render_widget(session_list(state, sessions), sessions);
    frame.render_widget(log_list(state, log), log);
}

/// The places of work, phases, edits, sessions and log: in two columns if there is room, else below each other.
fn areas(body: Rect, state: &LiveState) -> [Rect; 5] {
    let (work, phases) = (Constraint::Length(height(state)), Constraint::Length(3));
    if body.width < WIDE {
        let edits = Constraint::Length(lines(state.edits.len(), 4));
        let sessions = Constraint::Length(lines(state.sessions.len(), 3));
        return Layout::vertical([work, phases, edits, sessions, Constraint::Min(3)]).areas(body);
    }
    let [left, right] = Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)]).areas(body);
    let [work, phases, edits] = Layout::vertical([work, phases, Constraint::Min(0)]).areas(left);
    let sessions = Constraint::Length(lines(state.sessions.len(), 10));
    let [sessions, log] = Layout::vertical([sessions, Constraint::Min(0)]).areas(right);
    [work, phases, edits, sessions, log]
}

/// The height of a bordered list of so many lines, at least one.
fn lines(count: usize, most: u16) -> u16 {
    2 + (count.clamp(1, most.into()) as u16)
}

/// The height of the commands at work: five lines for the first, one for each further one.
fn height(state: &LiveState) -> u16 {
    let further = state.works.len().saturating_sub(1).min(3) as u16;
    match state.works.first() {
        Some(work) => 2 + 3 + 2 * u16::from(work.evidence.is_some()) + further,
        None => 3,
    }
}

fn strong(text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), Style::new().add_modifier(Modifier::BOLD))
}

fn faint(text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), Style::new().add_modifier(Modifier::DIM))
}

fn heading(state: &LiveState) -> Line<'static> {
    let doing = match state.works.first() {
        Some(work) => format!("{} since {} UTC", work.process, work.since),
        None => "nothing runs here".to_owned(),
    };
    Line::from(vec![
        strong("kaizen top  "),
        strong(state.name.clone()),
        "  ".into(),
        doing.into(),
    ])
}

fn keys(prompt: &Prompt) -> Line<'static> {
    match prompt.message.is_empty() {
        true => Line::from(faint(
            "q quit  s stop after this edit  h hold or release  r report  ? help",
        )),
        false => Line::from(strong(prompt.message.clone())),
    }
}

fn works(frame: &mut Frame, state: &LiveState, area: Rect) {
    let block = Block::bordered().title(" At work ");
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let Some((work, further)) = state.works.split_first() else {
        let idle = Line::from(vec![
            "nothing; ".into(),
            strong("kaizen run"),
            " starts or continues a session".into(),
        ]);
        return frame.render_widget(idle, inside);
    };
    let rows = Layout::vertical(vec![Constraint::Length(1); inside.height.into()]).split(inside);
    let mut rows = rows.iter().copied();
    let mut row = |frame: &mut Frame, widget: RowWidget| {
        if let Some(area) = rows.next() {
            widget.render(frame, area);
        }
    };
    row(frame, RowWidget::Text(now(work)));
    match work.share() {
        Some(share) => row(frame, RowWidget::Bar(share, work.pace.clone())),
        None => row(frame, RowWidget::Text(Line::from(faint("no attempts yet")))),
    }
    row(frame, RowWidget::Text(Line::from(work.load())));
    if let Some(evidence) = &work.evidence {
        let gate = Line::from(vec![strong("at the gate: "), evidence.clone().into()]);
        row(frame, RowWidget::Text(gate));
        match work.evidence_share {
            Some(share) => row(frame, RowWidget::Bar(share, format!("evidence {:.0} %", 100.0 * share))),
            None => row(
                frame,
                RowWidget::Text(Line::from(faint("no threshold: all pairs decide"))),
            ),
        }
    }
    for other in further {
        let line = format!("{}: {} {}", other.process, other.what, other.pace);
        row(frame, RowWidget::Text(Line::from(line)));
    }
}

/// A line of text, or a bar.
enum RowWidget {
    Text(Line<'static>),
    Bar(f64, String),
}

impl RowWidget {
    fn render(self, frame: &mut Frame, area: Rect) {
        match self {
            Self::Text(line) => frame.render_widget(line, area),
            Self::Bar(share, label) => {
                let gauge = Gauge::default()
                    .ratio(share)
                    .label(label)
                    .gauge_style(Style::new().fg(Color::Cyan).bg(Color::DarkGray));
                frame.render_widget(gauge, area);
            }
        }
    }
}

fn now(work: &LiveWork) -> Line<'static> {
    let session = work
        .session
        .as_ref()
        .map(|session| format!("  in {session}"))
        .unwrap_or_default();
    Line::from(vec![strong(work.what.clone()), faint(session)])
}

/// Each phase with a sign, which also tells its state without colours.
fn phase_line(phases: &[LivePhase]) -> Paragraph<'static> {
    let mut spans = Vec::new();
    for phase in phases {
        let (sign, style) = match phase.state {
            PhaseProgress::Done => ("✓", Style::new().fg(Color::Green)),
            PhaseProgress::Running => ("▸", Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD)),
            PhaseProgress::Open => ("·", Style::new().add_modifier(Modifier::DIM)),
        };
        spans.push(Span::styled(format!("{sign} {}  ", phase.name), style));
    }
    if spans.is_empty() {
        spans.push(faint("no session yet"));
    }
    Paragraph::new(Line::from(spans)).block(Block::bordered().title(" Phases of the newest session "))
}

/// As many of the newest edits as there is place for.
fn edit_list(edits: &[LiveEdit], area: Rect) -> Paragraph<'static> {
    let place = usize::from(area.height.saturating_sub(2));
    let shown = edits.iter().skip(edits.len().saturating_sub(place));
    let mut rows: Vec<Line> = shown.map(edit_line).collect();
    if rows.is_empty() {
        rows.push(Line::from(faint("none has an outcome yet")));
    }
    Paragraph::new(rows).block(Block::bordered().title(" Edits of the newest session "))
}

fn edit_line(edit: &LiveEdit) -> Line<'static> {
    let colour = if edit.is_applied { Color::Green } else { Color::Yellow };
    let status = Span::styled(edit.status.clone(), Style::new().fg(colour));
    let change = match edit.change.is_empty() {
        true => String::new(),
        false => format!(" {}", edit.change),
    };
    Line::from(vec![
        strong(edit.label.clone()),
        ": ".into(),
        status,
        change.into(),
        faint(format!("  {}", edit.title)),
    ])
}

fn session_list(state: &LiveState, area: Rect) -> Paragraph<'static> {
    let place = usize::from(area.height.saturating_sub(2));
    let mut rows: Vec<Line> = Vec::new();
    for session in state.sessions.iter().take(place) {
        let rest = [session.status.as_str(), &session.scores, &session.edits];
        let rest: Vec<&str> = rest.into_iter().filter(|part| !part.is_empty()).collect();
        rows.push(Line::from(vec![
            strong(session.id.clone()),
            "  ".into(),
            rest.join("  ").into(),
        ]));
    }
    if rows.is_empty() {
        rows.push(Line::from(faint("none yet")));
    }
    let older = (state.older + state.sessions.len()).saturating_sub(rows.len());
    let title = match older {
        0 => " Sessions ".to_owned(),
        older => format!(" Sessions, and {older} older "),
    };
    Paragraph::new(rows).block(Block::bordered().title(title))
}

fn log_list(state: &LiveState, area: Rect) -> Paragraph<'static> {
    let place = usize::from(area.height.saturating_sub(2));
    let shown = state.log.iter().skip(state.log.len().saturating_sub(place));
    let rows: Vec<Line> = shown
        .map(|line| Line::from(vec![faint(format!("{} ", line.at)), line.text.clone().into()]))
        .collect();
    Paragraph::new(rows).block(Block::bordered().title(" Log, UTC "))
}
