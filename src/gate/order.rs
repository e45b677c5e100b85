//! The order of pairs: a permutation drawn from a seed, so that the choice of the next task cannot depend on outcomes.

/// The increment of SplitMix64 (Steele, Lea and Flood 2014).
pub(super) const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Added to the number of a round in stage 2, so that its order differs from that of the same round in stage 1.
pub(crate) const SECOND_STAGE: u32 = 0x8000;

/// Shuffles the items for one round of one edit: Fisher–Yates, with SplitMix64 as the generator.
pub fn shuffled<T: Clone>(items: &[T], seed: u64, edit: u32, round_key: u32) -> Vec<T> {
    let key = (u64::from(edit) << 16) | u64::from(round_key);
    let mut state = seed.wrapping_add(GOLDEN.wrapping_mul(key.wrapping_add(1)));
    let mut order = items.to_vec();
    for at in (1..order.len()).rev() {
        state = state.wrapping_add(GOLDEN);
        let drawn = (u128::from(mixed(state)) * (at as u128 + 1)) >> 64;
        order.swap(at, drawn as usize);
    }
    order
}

/// The output function of SplitMix64.
pub(crate) fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_drawn_by_seed_edit_and_round() {
        let items: Vec<usize> = (0..12).collect();
        assert_eq!(shuffled(&items, 7, 1, 0), [8, 9, 0, 11, 3, 6, 1, 10, 7, 2, 5, 4]);
        assert_ne!(shuffled(&items, 7, 1, 1), shuffled(&items, 7, 1, 0));
        assert_ne!(shuffled(&items, 7, 2, 0), shuffled(&items, 7, 1, 0));
        assert!(shuffled::<u8>(&[], 0, 0, 0).is_empty());
    }
}
