//! Draws a buffer as an SVG picture, which is the same in each run and needs only a monospaced font.

use std::borrow::Cow;
use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;

use ratatui::style::{Color, Modifier};

use hatrack::ui::color::{Rgb, indexed_rgb};
use hatrack::ui::text::width;

/// Width and height of a cell, in units of the picture.
const CELL: (usize, usize) = (10, 20);
/// Font size, in units of the picture.
const FONT_SIZE: &str = "16.6";
/// Width of the margin around the screen, in units of the picture.
const MARGIN: usize = 12;
const BACKGROUND: &str = "#1b1d23";
const FOREGROUND: &str = "#d6d9e0";
/// Color of dim text.
const DIM_FOREGROUND: &str = "#868b97";

/// Returns a picture of the buffer and the cursor on a dark background, as SVG.
pub(crate) fn picture(buffer: &Buffer, cursor: Option<Position>, title: &str) -> String {
    let area = buffer.area;
    let (total_width, total_height) = (
        usize::from(area.width) * CELL.0 + 2 * MARGIN,
        usize::from(area.height) * CELL.1 + 2 * MARGIN,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total_width} {total_height}\" \
         width=\"{total_width}\" height=\"{total_height}\" \
         role=\"img\">\n<title>{}</title>\n\
         <rect width=\"{total_width}\" height=\"{total_height}\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"{FONT_SIZE}\" \
         fill=\"{FOREGROUND}\" shape-rendering=\"crispEdges\" xml:space=\"preserve\">\n",
        escaped(title),
    );
    for (y, row) in buffer.content.chunks(usize::from(area.width).max(1)).enumerate() {
        for run in runs(row) {
            run.draw(&mut svg, MARGIN + y * CELL.1);
        }
    }
    if let Some(position) = cursor {
        let (x, y) = (
            MARGIN + usize::from(position.x) * CELL.0,
            MARGIN + usize::from(position.y) * CELL.1,
        );
        // Writing into a string cannot fail.
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"2\" height=\"{}\"/>",
            CELL.1
        );
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Adjacent cells with the same style, drawn as one text.
struct Run<'a> {
    x: usize,
    cells: usize,
    text: String,
    first_cell: &'a Cell,
}

fn runs(row: &[Cell]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut covered = 0;
    for (x, cell) in row.iter().enumerate() {
        if x < covered {
            continue; // the right half of a wide character
        }
        let (symbol, cells) = (cell.symbol(), width(cell.symbol()).max(1));
        covered = x + cells;
        // A non-ASCII character is a run of its own, as its width may differ between fonts; the next run is then still
        // in its place.
        let is_ascii = |text: &str| text.is_ascii();
        let is_horizontal_line =
            |run: &Run<'_>| matches!(symbol, "─" | "━") && run.first_cell.symbol() == symbol;
        match runs.last_mut() {
            Some(run)
                if has_same_style(run.first_cell, cell)
                    && (is_horizontal_line(run) || is_ascii(symbol) && is_ascii(run.first_cell.symbol())) =>
            {
                run.text.push_str(symbol);
                run.cells += 1;
            }
            _ => runs.push(Run {
                x,
                cells,
                text: symbol.to_owned(),
                first_cell: cell,
            }),
        }
    }
    runs
}

fn has_same_style(a: &Cell, b: &Cell) -> bool {
    (a.fg, a.bg, a.modifier) == (b.fg, b.bg, b.modifier)
}

impl Run<'_> {
    fn draw(&self, svg: &mut String, top: usize) {
        let (mut foreground, mut background) = (
            color(self.first_cell.fg).unwrap_or_else(|| FOREGROUND.into()),
            color(self.first_cell.bg).unwrap_or_else(|| BACKGROUND.into()),
        );
        if self.first_cell.modifier.contains(Modifier::REVERSED) {
            (foreground, background) = (background, foreground);
        }
        let (x, run_width) = (MARGIN + self.x * CELL.0, self.cells * CELL.0);
        // Writing into a string cannot fail.
        if background != BACKGROUND {
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{top}\" width=\"{run_width}\" height=\"{}\" fill=\"{background}\"/>",
                CELL.1
            );
        }
        let is_dim = self.first_cell.modifier.contains(Modifier::DIM);
        if let Some(lines) = lines(self.first_cell.symbol()) {
            return lines.draw(
                svg,
                (x, top),
                run_width,
                if is_dim { DIM_FOREGROUND } else { &foreground },
            );
        }
        if self.first_cell.modifier.contains(Modifier::UNDERLINED) {
            let y = top + CELL.1 - 2;
            let _ = writeln!(
                svg,
                "<path d=\"M{x} {y}H{}\" stroke=\"{foreground}\"/>",
                x + run_width
            );
        }
        if self.text.trim().is_empty() {
            return;
        }
        if is_dim {
            foreground = DIM_FOREGROUND.into();
        }
        let mut style = String::new();
        if foreground != FOREGROUND {
            let _ = write!(style, " fill=\"{foreground}\"");
        }
        if self.first_cell.modifier.contains(Modifier::BOLD) {
            style.push_str(" font-weight=\"bold\"");
        }
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" textLength=\"{run_width}\" lengthAdjust=\"spacingAndGlyphs\"{style}>{}</text>",
            top + 15,
            escaped(&self.text)
        );
    }
}

/// A box-drawing character, drawn as lines so that it meets the adjacent ones in all fonts.
struct Lines {
    /// The two sides of the cell that the line connects: `l`eft, `r`ight, `u`p or `d`own.
    ends: [char; 2],
    is_thick: bool,
}

fn lines(symbol: &str) -> Option<Lines> {
    let (ends, is_thick) = match symbol {
        "─" => (['l', 'r'], false),
        "│" => (['u', 'd'], false),
        "┌" => (['r', 'd'], false),
        "┐" => (['l', 'd'], false),
        "└" => (['r', 'u'], false),
        "┘" => (['l', 'u'], false),
        "━" => (['l', 'r'], true),
        "┃" => (['u', 'd'], true),
        "┏" => (['r', 'd'], true),
        "┓" => (['l', 'd'], true),
        "┗" => (['r', 'u'], true),
        "┛" => (['l', 'u'], true),
        _ => return None,
    };
    Some(Lines { ends, is_thick })
}

impl Lines {
    fn draw(&self, svg: &mut String, (x, y): (usize, usize), run_width: usize, foreground: &str) {
        let middle = (x + CELL.0 / 2, y + CELL.1 / 2);
        let end = |end| match end {
            'l' => (x, middle.1),
            'r' => (x + run_width, middle.1),
            'u' => (middle.0, y),
            _ => (middle.0, y + CELL.1),
        };
        let [(x1, y1), (x2, y2)] = self.ends.map(end);
        let stroke_width = if self.is_thick { 3 } else { 1 };
        // Writing into a string cannot fail.
        let _ = writeln!(
            svg,
            "<path d=\"M{x1} {y1}L{} {}L{x2} {y2}\" fill=\"none\" stroke=\"{foreground}\" stroke-width=\"{stroke_width}\"/>",
            middle.0, middle.1
        );
    }
}

fn color(color: Color) -> Option<Cow<'static, str>> {
    let rgb = |(red, green, blue): Rgb| Some(format!("#{red:02x}{green:02x}{blue:02x}").into());
    let named = match color {
        Color::Rgb(red, green, blue) => return rgb((red, green, blue)),
        Color::Indexed(index) => return indexed_rgb(index).and_then(rgb),
        Color::Black => "#000000",
        Color::Red => "#e8616b",
        Color::Green => "#8cc570",
        Color::Yellow => "#dcb665",
        Color::Blue => "#4f86d9",
        Color::Magenta => "#c983db",
        Color::Cyan => "#5bbcc7",
        Color::Gray => "#b4b8c2",
        Color::DarkGray => "#7d8390",
        Color::LightRed => "#ff8a92",
        Color::LightGreen => "#a9e08c",
        Color::LightYellow => "#f5d58a",
        Color::LightBlue => "#74b0ff",
        Color::LightMagenta => "#e2a4f2",
        Color::LightCyan => "#84dde6",
        Color::White => "#ffffff",
        Color::Reset => return None,
    };
    Some(named.into())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn texts_stand_where_their_cells_are() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "a<b", Style::new());
        buffer.set_string(3, 0, "帽子", Style::new().fg(Color::Red));
        buffer.set_string(7, 0, "x", Style::new().add_modifier(Modifier::REVERSED));
        buffer.set_string(8, 0, "│", Style::new());
        let svg = picture(&buffer, Some(Position::new(1, 0)), "A & B");
        for part in [
            "<title>A &amp; B</title>",
            "<text x=\"12\" y=\"27\" textLength=\"30\" lengthAdjust=\"spacingAndGlyphs\">a&lt;b</text>",
            "<text x=\"42\" y=\"27\" textLength=\"20\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#e8616b\">帽</text>",
            "<text x=\"62\" y=\"27\" textLength=\"20\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#e8616b\">子</text>",
            "<rect x=\"82\" y=\"12\" width=\"10\" height=\"20\" fill=\"#d6d9e0\"/>",
            "<path d=\"M97 12L97 22L97 32\"",
            "<rect x=\"22\" y=\"12\" width=\"2\" height=\"20\"/>",
        ] {
            assert!(svg.contains(part), "{part}\n{svg}");
        }
    }
}
