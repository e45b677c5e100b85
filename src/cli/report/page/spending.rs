//! What language models cost, by role.

use maud::{Markup, html};

use super::number::grouped;
use crate::cli::report::facts::spending::RoleCost;

/// The table of costs.
pub(super) fn spending(roles: &[RoleCost]) -> Markup {
    html! {
        @if roles.is_empty() { p.empty { "No call of a language model is recorded." } }
        @else {
            div.scroll tabindex="0" role="group" aria-label="Spending by role, can be scrolled" {
                table {
                    thead { tr { th scope="col" { "role" } th.num scope="col" { "calls" } th.num scope="col" { "tokens" } th scope="col" { "cost" } } }
                    tbody {
                        @for role in roles {
                            tr { th scope="row" { (role.role) } td.num { (grouped(role.calls)) } td.num { (grouped(role.tokens)) } td { (role.words) } }
                        }
                    }
                }
            }
        }
    }
}
