//! The delays of work (c) as a picture: which part of the signals had arrived after how long.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use plotters::prelude::*;

use crate::outcome::Delays;
use crate::stats;

const SIZE: (u32, u32) = (800, 460);
/// Those that are drawn, as their users know them: the first two are ours.
const CURVES: [(&str, &str); 7] = [
    ("futex", "Latch::wait"),
    ("siglatch-wait_info", "wait::wait_info"),
    ("sigwaitinfo", "sigwaitinfo(2)"),
    ("signal-hook-wait", "signal-hook, Signals::wait"),
    ("ctrlc", "ctrlc"),
    ("tokio", "tokio::signal"),
    ("cpython", "Python"),
];
const OURS: usize = 2;
/// The part of the signals that is shown: the rest would need most of the room.
const SHOWN: f64 = 0.99;
const POINTS: u32 = 99;

/// Writes it as SVG; and beside it as a link definition that holds it, for the documentation of the
/// crate, which has no files beside its pages.
pub(crate) fn write(path: &Path, machine: &str, all: &[Delays]) -> Result<()> {
    let delays: Vec<_> = CURVES
        .iter()
        .filter_map(|(name, label)| {
            let delays = all.iter().find(|delays| delays.name.strip_prefix("c/") == Some(name));
            delays.map(|delays| (*label, delays))
        })
        .collect();
    draw(path, machine, &delays).map_err(|error| anyhow!("{}: {error}", path.display()))?;
    let picture = BASE64_STANDARD.encode(std::fs::read(path)?);
    let name = path.file_stem().and_then(|name| name.to_str()).context("a name for the plot")?;
    let link = format!("[{name}]: data:image/svg+xml;base64,{picture}\n");
    Ok(std::fs::write(path.with_extension("md"), link)?)
}

fn draw(
    path: &Path,
    machine: &str,
    delays: &[(&str, &Delays)],
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let area = area.titled(machine, ("sans-serif", 13))?;
    let longest = delays.iter().map(|(_, delays)| stats::quantile(&delays.sorted, SHOWN));
    let shortest = delays.iter().filter_map(|(_, delays)| delays.sorted.first().copied());
    let from = shortest.fold(f64::INFINITY, f64::min).max(0.1);
    let to = longest.fold(from * 10.0, f64::max);
    let mut chart = ChartBuilder::on(&area)
        .caption("from kill in another process to the waiting thread running", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(48)
        .y_label_area_size(60)
        .build_cartesian_2d((from..to).log_scale(), 0.0..1.0)?;
    chart
        .configure_mesh()
        .label_style(("sans-serif", 15))
        .x_desc("µs (logarithmic)")
        .y_desc("part of the signals that have arrived")
        .x_label_formatter(&|delay| format!("{delay:.0}"))
        .disable_mesh()
        .draw()?;
    for (number, (label, delays)) in delays.iter().enumerate() {
        // The golden angle: neighbours in the list are far apart in colour.
        let hue = number as f64 * 0.381_966 % 1.0;
        let style = HSLColor(hue, 0.8, 0.42).stroke_width(if number < OURS { 4 } else { 2 });
        let points = (0..=POINTS).map(|point| {
            let part = SHOWN * f64::from(point) / f64::from(POINTS);
            (stats::quantile(&delays.sorted, part), part)
        });
        let median = stats::quantile(&delays.sorted, 0.5);
        chart
            .draw_series(LineSeries::new(points, style))?
            .label(format!("{label} (p50 {median:.1} µs)"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
    }
    chart
        .configure_series_labels()
        .label_font(("sans-serif", 16))
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}
