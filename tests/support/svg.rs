//! A picture of a screen: a buffer as SVG, the same every time, that needs nothing but a monospaced font.

use std::borrow::Cow;
use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;

use ratatui::style::{Color, Modifier};

use hatrack::ui::color::{Rgb, indexed_rgb};
use hatrack::ui::text::width;

/// Size of a cell and of its letters in the picture's units.
const CELL: (usize, usize) = (10, 20);
const LETTER: &str = "16.6";
/// Room around the screen.
const RIM: usize = 12;
const PAPER: &str = "#1b1d23";
const INK: &str = "#d6d9e0";
/// Ink for what is dim.
const FAINT: &str = "#868b97";

/// Draws what the buffer shows, and the cursor, on a dark ground.
pub(crate) fn picture(buffer: &Buffer, cursor: Option<Position>, title: &str) -> String {
    let area = buffer.area;
    let (wide, high) = (
        usize::from(area.width) * CELL.0 + 2 * RIM,
        usize::from(area.height) * CELL.1 + 2 * RIM,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" \
         role=\"img\">\n<title>{}</title>\n\
         <rect width=\"{wide}\" height=\"{high}\" rx=\"8\" fill=\"{PAPER}\"/>\n\
         <g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"{LETTER}\" \
         fill=\"{INK}\" shape-rendering=\"crispEdges\" xml:space=\"preserve\">\n",
        escaped(title),
    );
    for (y, row) in buffer.content.chunks(usize::from(area.width).max(1)).enumerate() {
        for run in runs(row) {
            run.draw(&mut svg, RIM + y * CELL.1);
        }
    }
    if let Some(at) = cursor {
        let (x, y) = (RIM + usize::from(at.x) * CELL.0, RIM + usize::from(at.y) * CELL.1);
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

/// Cells in a row that look alike.
struct Run<'a> {
    x: usize,
    cells: usize,
    text: String,
    like: &'a Cell,
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
        // A character whose width a font may see otherwise stands alone, so that what follows is in its place.
        let narrow = |text: &str| text.is_ascii();
        let rule = |run: &Run<'_>| matches!(symbol, "─" | "━") && run.like.symbol() == symbol;
        match runs.last_mut() {
            Some(run)
                if like(run.like, cell) && (rule(run) || narrow(symbol) && narrow(run.like.symbol())) =>
            {
                run.text.push_str(symbol);
                run.cells += 1;
            }
            _ => runs.push(Run {
                x,
                cells,
                text: symbol.to_owned(),
                like: cell,
            }),
        }
    }
    runs
}

fn like(a: &Cell, b: &Cell) -> bool {
    (a.fg, a.bg, a.modifier) == (b.fg, b.bg, b.modifier)
}

impl Run<'_> {
    fn draw(&self, svg: &mut String, top: usize) {
        let (mut ink, mut paper) = (
            color(self.like.fg).unwrap_or_else(|| INK.into()),
            color(self.like.bg).unwrap_or_else(|| PAPER.into()),
        );
        if self.like.modifier.contains(Modifier::REVERSED) {
            (ink, paper) = (paper, ink);
        }
        let (x, wide) = (RIM + self.x * CELL.0, self.cells * CELL.0);
        // Writing into a string cannot fail.
        if paper != PAPER {
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{top}\" width=\"{wide}\" height=\"{}\" fill=\"{paper}\"/>",
                CELL.1
            );
        }
        let dim = self.like.modifier.contains(Modifier::DIM);
        if let Some(lines) = lines(self.like.symbol()) {
            return lines.draw(svg, (x, top), wide, if dim { FAINT } else { &ink });
        }
        if self.like.modifier.contains(Modifier::UNDERLINED) {
            let y = top + CELL.1 - 2;
            let _ = writeln!(svg, "<path d=\"M{x} {y}H{}\" stroke=\"{ink}\"/>", x + wide);
        }
        if self.text.trim().is_empty() {
            return;
        }
        if dim {
            ink = FAINT.into();
        }
        let mut style = String::new();
        if ink != INK {
            let _ = write!(style, " fill=\"{ink}\"");
        }
        if self.like.modifier.contains(Modifier::BOLD) {
            style.push_str(" font-weight=\"bold\"");
        }
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" textLength=\"{wide}\" lengthAdjust=\"spacingAndGlyphs\"{style}>{}</text>",
            top + 15,
            escaped(&self.text)
        );
    }
}

/// A frame's character, drawn as a line so that it meets the next one whatever the font.
struct Lines {
    /// From where to where: left, right, up, down.
    ends: [char; 2],
    thick: bool,
}

fn lines(symbol: &str) -> Option<Lines> {
    let (ends, thick) = match symbol {
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
    Some(Lines { ends, thick })
}

impl Lines {
    fn draw(&self, svg: &mut String, (x, y): (usize, usize), wide: usize, ink: &str) {
        let middle = (x + CELL.0 / 2, y + CELL.1 / 2);
        let end = |end| match end {
            'l' => (x, middle.1),
            'r' => (x + wide, middle.1),
            'u' => (middle.0, y),
            _ => (middle.0, y + CELL.1),
        };
        let [(x1, y1), (x2, y2)] = self.ends.map(end);
        let strength = if self.thick { 3 } else { 1 };
        // Writing into a string cannot fail.
        let _ = writeln!(
            svg,
            "<path d=\"M{x1} {y1}L{} {}L{x2} {y2}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"{strength}\"/>",
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
