//! Medians and other quantiles.

/// Sorts `values`, for [`quantile`].
pub(crate) fn sort(values: &mut [f64]) {
    values.sort_unstable_by(f64::total_cmp);
}

/// The value below which the part `q` of `sorted` is, between two neighbours in proportion; NaN of
/// nothing.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = q * last as f64;
    let below = place.floor() as usize;
    let part = place - place.floor();
    match (sorted.get(below), sorted.get(below + 1)) {
        (Some(low), Some(high)) => low + (high - low) * part,
        (Some(low), None) => *low,
        (None, _) => f64::NAN,
    }
}

/// The median of values in any order.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sort(&mut sorted);
    quantile(&sorted, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn the_middle_one_or_between_two() {
        assert!(same(median(&[3.0, 1.0, 2.0]), 2.0));
        assert!(same(median(&[4.0, 1.0, 2.0, 3.0]), 2.5));
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn quantiles_lie_in_proportion() {
        let sorted = [0.0, 10.0, 20.0, 30.0, 40.0];
        assert!(same(quantile(&sorted, 0.25), 10.0));
        assert!(same(quantile(&sorted, 0.999), 39.96));
        assert!(same(quantile(&sorted, 1.0), 40.0));
    }
}
