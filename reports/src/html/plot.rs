//! Owns plots over time as SVG, drawn by a library. What is plotted, and its text for who cannot see it, is others'. No text of the
//! system under test goes into a drawing.

use plotters::coord::Shift;
use plotters::prelude::*;

/// Width and height of a plot, in its own units; a page scales it.
const SIZE: (u32, u32) = (640, 180);
/// Colours that are told apart in light and dark and by most eyes (after Okabe and Ito).
const COLOURS: [RGBColor; 3] = [RGBColor(0, 114, 178), RGBColor(230, 159, 0), RGBColor(0, 158, 115)];
const VIOLATION: RGBColor = RGBColor(213, 94, 0);

/// A line through points of time (in seconds) and value.
pub(super) type Line = Vec<(f64, f64)>;

/// The lines in one drawing, and marks on its first line at these moments.
pub(super) fn plot(unit: &str, lines: &[Line], marks: &[(f64, f64)]) -> String {
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
    draw(&area, unit, lines, marks).expect("a drawing goes into memory, where there is room for it");
    drop(area);
    text
}

/// The name of the colour of the line at `place`, for a legend beside the drawing.
pub(super) fn colour(place: usize) -> String {
    let RGBColor(red, green, blue) = COLOURS[place % COLOURS.len()];
    format!("#{red:02x}{green:02x}{blue:02x}")
}

type Failure<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

fn draw<'a>(
    area: &DrawingArea<SVGBackend<'a>, Shift>,
    unit: &str,
    lines: &[Line],
    marks: &[(f64, f64)],
) -> Result<(), Failure<'a>> {
    let most = |of: fn(&(f64, f64)) -> f64| lines.iter().flatten().map(of).fold(f64::MIN_POSITIVE, f64::max);
    let (seconds, value) = (most(|point| point.0), most(|point| point.1) * 1.05);
    let mut chart = ChartBuilder::on(area)
        .margin(6)
        .x_label_area_size(34)
        .y_label_area_size(74)
        .build_cartesian_2d(0.0..seconds, 0.0..value)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_labels(6)
        .y_labels(4)
        .x_desc("seconds")
        .y_desc(unit)
        .x_label_formatter(&number)
        .y_label_formatter(&number)
        .draw()?;
    for (place, line) in lines.iter().enumerate() {
        let style = COLOURS[place % COLOURS.len()].stroke_width(2);
        chart.draw_series(LineSeries::new(line.iter().copied(), style))?;
    }
    chart.draw_series(marks.iter().map(|mark| Cross::new(*mark, 5, VIOLATION.stroke_width(2))))?;
    area.present()
}

/// A number of an axis, without zeros behind that say nothing.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the library hands on references")]
fn number(value: &f64) -> String {
    let digits = format!("{value:.6}");
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_an_axis_have_no_zeros_that_say_nothing() {
        assert_eq!(
            [0.0, 20_000.0, 0.005, 0.1 + 0.2].map(|value| number(&value)),
            ["0", "20000", "0.005", "0.3"]
        );
    }

    /// Each line and each mark is there, and numbers that are all zero are drawn as well.
    #[test]
    fn lines_and_marks_are_drawn() {
        let lines = [vec![(0.5, 10.0), (1.0, 20.0)], vec![(0.5, 5.0), (1.0, 5.0)]];
        let drawn = plot("commands per second", &lines, &[(1.0, 20.0)]);
        assert!(drawn.starts_with("<svg") && drawn.trim_end().ends_with("</svg>"), "{drawn}");
        for (place, count) in [(0, 1), (1, 1)] {
            let colour = colour(place).to_uppercase();
            assert_eq!(drawn.matches(&colour).count(), count, "{colour}: {drawn}");
        }
        assert_eq!(drawn.matches("#D55E00").count(), 2, "a cross is two strokes: {drawn}");
        assert!(plot("", &[vec![(0.0, 0.0)]], &[]).starts_with("<svg"));
        assert!(plot("", &[], &[]).starts_with("<svg"));
    }
}
