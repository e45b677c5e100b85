//! The quantiles of the standard normal distribution.

/// The point that a standard normal value exceeds with probability `p`, which is between 0 and 1, exclusive. Acklam's
/// rational approximation; its relative error is below 1.2e-9.
pub(crate) fn upper_quantile(p: f64) -> f64 {
    const EDGE: f64 = 0.024_25;
    if p > 0.5 {
        return -upper_quantile(1.0 - p);
    }
    if p < EDGE {
        let q = (-2.0 * p.ln()).sqrt();
        return -polynomial(&TAIL_TOP, q) / (polynomial(&TAIL_BOTTOM, q) * q + 1.0);
    }
    let q = 0.5 - p;
    let r = q * q;
    polynomial(&MIDDLE_TOP, r) * q / (polynomial(&MIDDLE_BOTTOM, r) * r + 1.0)
}

const MIDDLE_TOP: [f64; 6] = [
    -39.696_830_286_653_76,
    220.946_098_424_520_5,
    -275.928_510_446_968_7,
    138.357_751_867_269,
    -30.664_798_066_147_16,
    2.506_628_277_459_239,
];
const MIDDLE_BOTTOM: [f64; 5] = [
    -54.476_098_798_224_06,
    161.585_836_858_040_9,
    -155.698_979_859_886_6,
    66.801_311_887_719_72,
    -13.280_681_552_885_72,
];
const TAIL_TOP: [f64; 6] = [
    -0.007_784_894_002_430_293,
    -0.322_396_458_041_136_5,
    -2.400_758_277_161_838,
    -2.549_732_539_343_734,
    4.374_664_141_464_968,
    2.938_163_982_698_783,
];
const TAIL_BOTTOM: [f64; 4] = [
    0.007_784_695_709_041_462,
    0.322_467_129_070_039_8,
    2.445_134_137_142_996,
    3.754_408_661_907_416,
];

/// The value at `x` of the polynomial with these coefficients, the highest power first.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_points() {
        for (p, z) in [
            (0.5, 0.0),
            (0.05, 1.644_853_626_951_472_2),
            (0.025, 1.959_963_984_540_054),
            (0.005, 2.575_829_303_548_901),
            (0.000_5, 3.290_526_731_491_926),
            (1e-6, 4.753_424_308_822_899),
        ] {
            assert!((upper_quantile(p) - z).abs() < 1e-7, "{p}: {}", upper_quantile(p));
            assert!((upper_quantile(1.0 - p) + z).abs() < 1e-6, "{p}");
        }
    }
}
