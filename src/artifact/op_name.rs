//! Reads the name of an op. One that is unknown is reported with the nearest one.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::edit::Op;
use super::nearest::nearest;

/// The most characters of an unknown name in a message.
const LONGEST_OP_NAME: usize = 40;

impl<'de> Deserialize<'de> for Op {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let is_named = |op: &Op| op.name() == name;
        Op::ALL.into_iter().find(is_named).ok_or_else(|| {
            let shown: String = name.chars().take(LONGEST_OP_NAME).collect();
            match nearest(&shown, Op::ALL.iter().map(|op| op.name())) {
                Some(op) => D::Error::custom(format!("there is no op `{shown}`; the nearest is `{op}`")),
                None => {
                    let names = Op::ALL.map(Op::name).join(", ");
                    D::Error::custom(format!("there is no op `{shown}`; the ops are {names}"))
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_op_is_named_with_the_nearest_one() {
        let read = |name: &str| serde_json::from_value::<Op>(name.into()).map_err(|error| error.to_string());
        for op in Op::ALL {
            assert_eq!(read(op.name()), Ok(op));
            assert_eq!(serde_json::to_value(op).unwrap(), op.name());
        }
        assert_eq!(
            read("set_kye").unwrap_err(),
            "there is no op `set_kye`; the nearest is `set_key`"
        );
        let far = read("burn").unwrap_err();
        assert!(far.contains("`burn`; the ops are set_model_for_query_class, "), "{far}");
    }
}
