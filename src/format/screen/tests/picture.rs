//! The picture of the screen in the README, made of what the screen draws (`SMARTY_BLESS=1` renews it).

use std::fmt::Write;
use std::path::Path;

use ratatui::style::{Color, Modifier};

use super::*;
use crate::p1::derive::Deriver;
use crate::p1::value::Zone;

/// Columns and rows.
const SIZE: (u16, u16) = (100, 30);
/// A cell, in tenths of a pixel.
const CELL: (u32, u32) = (84, 180);
/// Around it, in tenths of a pixel.
const EDGE: u32 = 120;
const TEXT: &str = "#e6e6e6";

#[test]
fn the_picture_of_the_readme_is_what_the_screen_shows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/screen.svg");
    let mut street = day();
    let now = street.now();
    let expected = picture(&street.screen.draw(now, SIZE.0, SIZE.1));
    if std::env::var_os("SMARTY_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        ".github/screen.svg is out of date; SMARTY_BLESS=1 rewrites it"
    );
}

/// A sunny day of a house, from the morning until the afternoon.
fn day() -> MeterGroup {
    let mut street = MeterGroup::new();
    let start = date(2026, 6, 20).at(6, 0, 0, 0);
    let zone = Zone::luxembourg();
    street.start = start.to_zoned(zone.rules().clone()).unwrap().timestamp();
    let mut street = street.house("house", Profile::LuFull);
    let house = &mut street.houses[0];
    house.meter = VirtualMeter::new(Setup::new(Profile::LuFull, 1, 2026, start));
    house.deriver = Some(Deriver::new("3kW".parse().ok(), None));
    street
        .screen
        .service("MQTT", "mqtt://broker.lan:1883: connected", false);
    let mut street = street.run(9 * 3600 + 1000);
    street.screen.ui.zoom = Some(8);
    street
}

/// Cells as an image: blocks and lines as rectangles, so that they join, all else as text.
fn picture(buffer: &Buffer) -> String {
    let (width, height) = (u32::from(buffer.area.width), u32::from(buffer.area.height));
    let (width, height) = (width * CELL.0 + 2 * EDGE, height * CELL.1 + 2 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" \
         aria-label=\"smarty watch\" font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"{0}\" height=\"{1}\" rx=\"8\" fill=\"#121417\"/>\n",
        pixels(width),
        pixels(height)
    );
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            let like = |other: u16| {
                let other = &buffer[(other, y)];
                let same = other.style() == cell.style();
                let both =
                    blocks_of(cell.symbol()).is_some() || blocks_of(other.symbol()).is_some();
                same && (!both || other.symbol() == cell.symbol())
            };
            let length = (x..buffer.area.width)
                .take_while(|other| like(*other))
                .count() as u16;
            let symbols: String = (x..x + length).map(|x| buffer[(x, y)].symbol()).collect();
            run(&mut svg, (x, y), cell, &symbols);
            x += length;
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws cells of one style from a place on.
fn run(svg: &mut String, (x, y): (u16, u16), cell: &ratatui::buffer::Cell, symbols: &str) {
    let (left, top) = (EDGE + u32::from(x) * CELL.0, EDGE + u32::from(y) * CELL.1);
    let count = symbols.chars().count() as u32;
    let colour = colour(cell.fg);
    if let Some(parts) = blocks_of(cell.symbol()) {
        for (part, opacity) in parts {
            let [from_x, from_y, to_x, to_y] = part;
            // What joins its neighbours is one piece with them.
            let joins = from_x == 0 && to_x == CELL.0;
            let pieces = if joins { 1 } else { count };
            for piece in 0..pieces {
                let wide = if joins { count * CELL.0 } else { to_x - from_x };
                writeln!(
                    svg,
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{colour}\"{opacity}/>",
                    pixels(left + piece * CELL.0 + from_x),
                    pixels(top + from_y),
                    pixels(wide),
                    pixels(to_y - from_y)
                )
                .unwrap();
            }
        }
        return;
    }
    let text = symbols.trim_end();
    if text.is_empty() {
        return;
    }
    let is_reversed = cell.modifier.contains(Modifier::REVERSED);
    if is_reversed {
        writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{colour}\"/>",
            pixels(left),
            pixels(top),
            pixels(count * CELL.0),
            pixels(CELL.1)
        )
        .unwrap();
    }
    let blanks = (text.len() - text.trim_start().len()) as u32;
    let text = text.trim_start();
    writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" textLength=\"{}\" fill=\"{}\"{} xml:space=\"preserve\">{}</text>",
        pixels(left + blanks * CELL.0),
        pixels(top + 135),
        pixels(text.chars().count() as u32 * CELL.0),
        if is_reversed { "#121417" } else { &colour },
        match cell.modifier.contains(Modifier::BOLD) {
            true => " font-weight=\"bold\"",
            false => "",
        },
        text.replace('&', "&amp;").replace('<', "&lt;")
    )
    .unwrap();
}

/// The rectangles of a block or a line, left, top, right, bottom in tenths of a pixel, and how they look.
fn blocks_of(symbol: &str) -> Option<Vec<([u32; 4], &'static str)>> {
    let (wide, high) = CELL;
    let line = 10;
    let (middle_x, middle_y) = ((wide - line) / 2, (high - line) / 2);
    let above = [middle_x, 0, middle_x + line, middle_y];
    let upright = [middle_x, 0, middle_x + line, high];
    let across = [0, middle_y, wide, middle_y + line];
    let left = [0, middle_y, middle_x, middle_y + line];
    let letter = symbol.chars().next()?;
    let eighths = "▁▂▃▄▅▆▇█".chars().position(|block| block == letter);
    let parts = match (letter, eighths) {
        (_, Some(eighths)) => vec![[0, high - high * (eighths as u32 + 1) / 8, wide, high]],
        ('▀', _) => vec![[0, 0, wide, high / 2]],
        ('▔', _) => vec![[0, 0, wide, high / 8]],
        ('░', _) => return Some(vec![([0, 0, wide, high], " opacity=\"0.3\"")]),
        ('│', _) => vec![upright],
        ('─', _) => vec![across],
        ('┤', _) => vec![upright, left],
        ('┴', _) => vec![across, above],
        ('┼', _) => vec![across, upright],
        _ => return None,
    };
    Some(parts.into_iter().map(|part| (part, "")).collect())
}

/// Tenths of a pixel as pixels.
fn pixels(tenths: u32) -> String {
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{rest}", tenths / 10),
    }
}

/// A colour of the 256, where it is the same on all terminals.
fn colour(colour: Color) -> String {
    let Color::Indexed(index @ 16..) = colour else {
        return TEXT.to_owned();
    };
    let levels = match index {
        ..232 => {
            let cube = index - 16;
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
        }
        _ => [8 + 10 * (index - 232); 3],
    };
    let [red, green, blue] = levels;
    format!("#{red:02x}{green:02x}{blue:02x}")
}
