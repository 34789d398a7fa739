//! The delays of work (c) as a picture: which part of the signals had arrived after how long.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::outcome::Delays;
use crate::stats;

const SIZE: (u32, u32) = (960, 600);
/// The part of the signals that is shown: the rest would need most of the room.
const SHOWN: f64 = 0.99;
const POINTS: u32 = 99;

/// Writes it as SVG.
pub(crate) fn write(path: &Path, machine: &str, delays: &[&Delays]) -> Result<()> {
    draw(path, machine, delays).map_err(|error| anyhow!("{}: {error}", path.display()))
}

fn draw(path: &Path, machine: &str, delays: &[&Delays]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let area = area.titled(machine, ("sans-serif", 13))?;
    let longest = delays.iter().map(|delays| stats::quantile(&delays.sorted, SHOWN));
    let shortest = delays.iter().filter_map(|delays| delays.sorted.first().copied());
    let from = shortest.fold(f64::INFINITY, f64::min).max(0.1);
    let to = longest.fold(from * 10.0, f64::max);
    let mut chart = ChartBuilder::on(&area)
        .caption("from kill in another process to the waiting thread running", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d((from..to).log_scale(), 0.0..1.0)?;
    chart
        .configure_mesh()
        .x_desc("µs (logarithmic)")
        .y_desc("part of the signals that have arrived")
        .x_label_formatter(&|delay| format!("{delay:.0}"))
        .light_line_style(BLACK.mix(0.05))
        .draw()?;
    for (delays, number) in delays.iter().zip(0_u32..) {
        // The golden angle: neighbours in the list are far apart in colour.
        let hue = f64::from(number) * 0.381_966 % 1.0;
        let ours = number == 0;
        let style = HSLColor(hue, 0.8, 0.42).stroke_width(if ours { 4 } else { 2 });
        let points = (0..=POINTS).map(|point| {
            let part = SHOWN * f64::from(point) / f64::from(POINTS);
            (stats::quantile(&delays.sorted, part), part)
        });
        let median = stats::quantile(&delays.sorted, 0.5);
        chart
            .draw_series(LineSeries::new(points, style))?
            .label(format!("{} (p50 {median:.1} µs)", delays.name))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}
