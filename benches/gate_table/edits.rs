//! Edits with known effects: each is searched for, and its effect is computed.

use kaizen::Digest;

use crate::workspace::Change;
use crate::world::{Shape, World};

/// The intended effect of an edit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// None: the requests differ (for example in the model's name), but the probabilities of success do not.
    NoOp,
    /// A loss everywhere: examples of every cluster are mislabelled.
    Harmful,
    /// A loss in one cluster: its examples are mislabelled.
    HarmfulThere,
    /// A gain of the overall score by this much, all of it in one cluster.
    Focused(f64),
    /// A gain of which half is in one cluster.
    Half,
    /// The same gain in every cluster.
    Spread,
}

/// An edit of a world.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The intended effect.
    pub kind: Kind,
    /// The change of the home.
    pub change: Change,
    /// The target cluster.
    pub target: usize,
    /// The actual change of the overall probability of success, as the first edit of the home.
    pub truth: f64,
}

impl Kind {
    /// The name in the table.
    pub fn name(self) -> String {
        match self {
            Kind::NoOp => "no-op".to_owned(),
            Kind::Harmful | Kind::HarmfulThere => "harmful".to_owned(),
            Kind::Focused(by) => format!("focused +{:.0}", 100.0 * by),
            Kind::Half => "half +10".to_owned(),
            Kind::Spread => "spread +10".to_owned(),
        }
    }
}

impl Edit {
    /// Creates an edit with a target cluster.
    pub fn of(world: &World, kind: Kind, target: usize) -> Self {
        let change = match kind {
            Kind::NoOp => Change {
                model: Some("renamed".to_owned()),
                ..Change::default()
            },
            Kind::Harmful => world.moving([-0.1; 4], 31),
            Kind::HarmfulThere => world.moving(World::focused(target, -0.1), 43),
            Kind::Focused(by) => world.moving(World::focused(target, by), 32 + target as u32),
            Kind::Half => world.moving(World::half(target, 0.1), 41),
            Kind::Spread => world.moving([0.1; 4], 42),
        };
        Self::known(world, kind, change, target)
    }

    fn known(world: &World, kind: Kind, change: Change, target: usize) -> Self {
        let truth = world.overall(&world.home.with(&change)) - world.overall(&world.home);
        Self {
            kind,
            change,
            target,
            truth,
        }
    }

    /// The edit's digest for the gate.
    pub fn digest(&self, world: &World) -> Digest {
        let after = world.home.with(&self.change).harness().digest();
        Digest::of_value(&(world.number, after))
    }
}

/// Ten edits for a session: five different no-ops, and five with an effect.
pub fn ten(world: &World, shape: Shape) -> Vec<Edit> {
    let doing = match shape {
        Shape::One => [
            (Kind::Focused(0.10), 0),
            (Kind::Focused(0.05), 1),
            (Kind::Half, 2),
            (Kind::Spread, 3),
            (Kind::Harmful, 2),
        ],
        // An edit of examples changes the file of one agent, so it cannot reach two agents.
        Shape::Several => [
            (Kind::Focused(0.10), 0),
            (Kind::Focused(0.05), 1),
            (Kind::Focused(0.05), 2),
            (Kind::Focused(0.10), 3),
            (Kind::HarmfulThere, 2),
        ],
    };
    let no_op = |number: usize| {
        let target = number % 4;
        let change = match shape {
            Shape::One => Change {
                model: Some(format!("renamed-{number}")),
                ..Change::default()
            },
            Shape::Several => Change {
                turns: Some((world.names[target].clone(), 11 + number as u32)),
                ..Change::default()
            },
        };
        Edit::known(world, Kind::NoOp, change, target)
    };
    let doing = doing.map(|(kind, target)| Edit::of(world, kind, target));
    doing.into_iter().chain((0..5).map(no_op)).collect()
}
