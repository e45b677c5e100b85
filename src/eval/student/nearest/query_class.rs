//! The class of a query, determined by its surface form only. Model routing and tool selection depend on it.

use super::tool::{calculator, date_calculator, unit_converter};
use super::words::words;
use crate::sys::kept_answers::KeptAnswers;

/// The minimum number of words of a long query.
const LONG: usize = 20;
/// The maximum number of words of a short query.
const SHORT: usize = 5;

/// The classes of queries.
static KNOWN: KeptAnswers<QueryClass> = KeptAnswers::new();

/// The class of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum QueryClass {
    /// Contains an ISO date.
    Date,
    /// Contains two units of the same dimension.
    Units,
    /// Contains an arithmetic expression, in signs or words.
    Math,
    /// 20 words or more.
    Long,
    /// 5 words or fewer.
    Short,
    /// Anything else.
    General,
}

impl QueryClass {
    /// All classes, in the order in which they are tested.
    pub(crate) const ALL: [QueryClass; 6] = [
        QueryClass::Date,
        QueryClass::Units,
        QueryClass::Math,
        QueryClass::Long,
        QueryClass::Short,
        QueryClass::General,
    ];

    /// The first class that fits the query. A student asks for it several times for each task and each harness, so the
    /// last answers are kept.
    pub(crate) fn of(query: &str) -> Self {
        KNOWN.answer(query, Self::by_form)
    }

    fn by_form(query: &str) -> Self {
        if date_calculator::holds_date(query) {
            return QueryClass::Date;
        }
        if unit_converter::names_conversion(query) {
            return QueryClass::Units;
        }
        if calculator::expression(query).is_some() {
            return QueryClass::Math;
        }
        match words(query).len() {
            LONG.. => QueryClass::Long,
            ..=SHORT => QueryClass::Short,
            _ => QueryClass::General,
        }
    }

    /// The name of the class in the routing table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            QueryClass::Date => "date",
            QueryClass::Units => "units",
            QueryClass::Math => "math",
            QueryClass::Long => "long",
            QueryClass::Short => "short",
            QueryClass::General => "general",
        }
    }

    /// Words that the description of a tool for this class is likely to use.
    pub(crate) fn vocabulary(self) -> &'static str {
        match self {
            QueryClass::Date => "date day week weekday month year calendar duration",
            QueryClass::Units => {
                "convert unit measurement length mass weight volume temperature distance metric imperial"
            }
            QueryClass::Math => {
                "arithmetic calculate compute math mathematical expression number sum add subtract multiply divide \
                 percent percentage"
            }
            QueryClass::Long | QueryClass::Short | QueryClass::General => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_decides_the_class() {
        for (query, expected) in [
            ("how many days between 2024-01-01 and 2024-03-01", QueryClass::Date),
            ("convert 5 miles to km", QueryClass::Units),
            ("how many feet in a yard", QueryClass::Units),
            ("what is 7 plus 3", QueryClass::Math),
            ("what is 20 percent of 50", QueryClass::Math),
            ("(3+4)*2", QueryClass::Math),
            ("freeze my card", QueryClass::Short),
            ("", QueryClass::Short),
            ("could you please freeze my bank account", QueryClass::General),
            (&"word ".repeat(20), QueryClass::Long),
            ("i have 3 cats and 4 dogs at home", QueryClass::General),
        ] {
            assert_eq!(QueryClass::of(query), expected, "{query}");
        }
    }
}
