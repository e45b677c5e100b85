//! Edits: changes whose effect is known, because it was searched for and then measured by many draws.

use kaizen::Digest;

use crate::home::Change;
use crate::world::{Shape, World};

/// What an edit is meant to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// The model gets another name: the requests differ, and no chance does.
    NoOp,
    /// Examples of every cluster are mislabelled.
    Harmful,
    /// Examples of one cluster alone are mislabelled.
    HarmfulThere,
    /// Examples for one cluster alone.
    Focused(f64),
    /// Half of the gain in one cluster.
    Half,
    /// The same gain in every cluster.
    Spread,
}

/// An edit of a world.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What it is meant to do.
    pub kind: Kind,
    /// What it does to the home.
    pub change: Change,
    /// The cluster that it aims at.
    pub target: usize,
    /// Its change of the overall chance of success, as the first edit of the home.
    pub truth: f64,
}

impl Kind {
    /// As the table names it.
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
    /// An edit that aims at a cluster.
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

    /// The edit as the gate knows it.
    pub fn digest(&self, world: &World) -> Digest {
        let after = world.home.with(&self.change).harness().digest();
        Digest::of_value(&(world.number, after))
    }
}

/// Ten edits for a session: five no-ops, each of its own, and five that do something.
pub fn ten(world: &World, shape: Shape) -> Vec<Edit> {
    let doing = match shape {
        Shape::One => [
            (Kind::Focused(0.10), 0),
            (Kind::Focused(0.05), 1),
            (Kind::Half, 2),
            (Kind::Spread, 3),
            (Kind::Harmful, 2),
        ],
        // Examples belong to one agent, and an edit of them to one file: none can reach two agents.
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
