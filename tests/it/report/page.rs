//! Looks at a page as a browser would: which elements and attributes load something, and where links lead.

use std::collections::BTreeSet;

use regex::Regex;

/// A page.
pub(super) struct Page {
    pub(super) text: String,
}

impl Page {
    pub(super) fn new(text: String) -> Self {
        assert!(
            text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>"),
            "{}",
            text.len()
        );
        Self { text }
    }

    /// The page has all these words.
    pub(super) fn shows(&self, words: &[&str]) {
        for words in words {
            assert!(self.text.contains(words), "{words}");
        }
    }

    /// The tags outside style and script.
    fn tags(&self) -> Vec<String> {
        let raw = Regex::new(r"(?s)<(style|script)>.*?</(style|script)>").unwrap();
        let rest = raw.replace_all(&self.text, "");
        let tag = Regex::new(r#"<[a-zA-Z!/](?:[^>"]|"[^"]*")*>"#).unwrap();
        let tags: Vec<String> = tag.find_iter(&rest).map(|found| found.as_str().to_owned()).collect();
        let opened = rest.matches('<').count();
        assert_eq!(tags.len(), opened, "each `<` begins a tag");
        tags
    }

    /// No element, style or script loads anything, and the policy forbids it.
    pub(super) fn loads_nothing(&self) {
        let policy = "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-";
        assert!(self.text.contains(policy));
        assert_eq!(self.text.matches("<script").count(), 1);
        assert_eq!(self.text.matches("<style").count(), 1);
        let known: BTreeSet<&str> = "a b body caption circle code dd details div dl dt figcaption figure footer h1 h2 h3 h4 head header \
            html li line main meta nav ol p polyline pre q rect section small span strong summary svg table tbody td text tfoot th \
            thead title tr ul !DOCTYPE"
            .split_whitespace()
            .collect();
        let name = Regex::new(r"^</?([a-zA-Z0-9!]+)").unwrap();
        let loading =
            Regex::new(r"(?i)\s(src|srcset|data|poster|background|action|formaction|ping|manifest|style|on\w+)=")
                .unwrap();
        let link = Regex::new(r#"(?i)\s(?:xlink:)?href="([^"]*)""#).unwrap();
        let value = Regex::new(r#""[^"]*""#).unwrap();
        for tag in self.tags() {
            let element = name.captures(&tag).map(|found| found[1].to_owned());
            assert!(element.is_some_and(|element| known.contains(element.as_str())), "{tag}");
            let bare = value.replace_all(&tag, "\"\"").into_owned();
            assert!(!loading.is_match(&bare), "{tag}");
            assert!(link.captures_iter(&tag).all(|found| found[1].starts_with('#')), "{tag}");
        }
        let raw = Regex::new(r"(?s)<(style|script)>(.*?)</(style|script)>").unwrap();
        let code: String = raw.captures_iter(&self.text).map(|found| found[2].to_owned()).collect();
        let loaders = "url( @import fetch( XMLHttpRequest sendBeacon EventSource WebSocket";
        for part in loaders.split_whitespace() {
            assert!(!code.contains(part), "{part}");
        }
    }

    /// Each link leads to one element of the page.
    pub(super) fn links_lead_somewhere(&self) {
        let ids = Regex::new(r#"\sid="([^"]*)""#).unwrap();
        let mut seen = BTreeSet::new();
        for found in ids.captures_iter(&self.text) {
            assert!(
                seen.insert(found[1].to_owned()),
                "two elements have the id {}",
                &found[1]
            );
        }
        let links = Regex::new(r##"href="#([^"]*)""##).unwrap();
        for found in links.captures_iter(&self.text) {
            assert!(seen.contains(&found[1]), "{} leads nowhere", &found[1]);
        }
    }
}
