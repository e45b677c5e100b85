//! Separates a model's thoughts from its answer, for servers that leave them in the text.

/// The marks around thoughts: of DeepSeek, Qwen and others, of Mistral, of Seed.
const MARKS: [(&str, &str); 3] = [
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
];

/// The mark before the answer in OpenAI's open models; everything before it is thoughts and other channels.
const FINAL: &str = "<|channel|>final<|message|>";
/// The marks at the end of such an answer.
const ENDS: [&str; 2] = ["<|return|>", "<|end|>"];

/// The thoughts and the answer in a text. Only thoughts at its beginning count, because the same marks further down may
/// be the answer's own words. Many chat templates write the opening mark themselves, so the closing one suffices.
pub(super) fn separated(text: &str) -> (String, String) {
    if let Some((before, answer)) = text.rsplit_once(FINAL) {
        let answer = ENDS
            .iter()
            .fold(answer, |answer, end| answer.split(end).next().unwrap_or(answer));
        return (before.to_owned(), answer.to_owned());
    }
    let (mut thoughts, mut rest) = (String::new(), text);
    while let Some((thought, after)) = leading(rest) {
        thoughts += thought;
        rest = after;
    }
    match thoughts.is_empty() && rest.len() == text.len() {
        true => (thoughts, text.to_owned()),
        false => (thoughts, rest.trim_start().to_owned()),
    }
}

/// The thought at the beginning of a text, and what follows it. An unclosed thought takes up the rest of the text.
fn leading(text: &str) -> Option<(&str, &str)> {
    let start = text.trim_start();
    MARKS.iter().find_map(|(open, close)| match start.strip_prefix(open) {
        Some(inside) => Some(inside.split_once(close).unwrap_or((inside, ""))),
        None => text.split_once(close).filter(|(thought, _)| !thought.contains(open)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_at_the_beginning_are_no_part_of_the_answer() {
        for (text, thoughts, answer) in [
            ("Paris", "", "Paris"),
            ("  Paris\n", "", "  Paris\n"),
            ("<think>\nFrance.\n</think>\n\nParis", "\nFrance.\n", "Paris"),
            ("\n<think></think>Paris", "", "Paris"),
            ("France.\n</think>\n\nParis", "France.\n", "Paris"),
            ("<think>Paris? Rather Lyon.</think>Lyon", "Paris? Rather Lyon.", "Lyon"),
            ("<think>a</think>\n<think>b</think>c", "ab", "c"),
            ("<think>still thinking", "still thinking", ""),
            ("[THINK]x[/THINK]y", "x", "y"),
            (
                "Write <think>x</think> around it.",
                "",
                "Write <think>x</think> around it.",
            ),
            ("", "", ""),
        ] {
            let (thought, said) = separated(text);
            assert_eq!((thought.as_str(), said.as_str()), (thoughts, answer), "{text}");
        }
        let open =
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Paris<|return|>";
        assert_eq!(separated(open).1, "Paris");
    }
}
