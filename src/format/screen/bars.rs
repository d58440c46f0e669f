//! Columns of eight block characters.

/// Draws columns of blocks, the top row first; each cell with whether its power is given to the grid.
///
/// Columns stand on zero, and hang from it where power is given to the grid. In a single row all stand on the
/// lowest power instead, where that is below zero.
pub(super) fn blocks(columns: &[Option<i64>], rows: usize) -> Vec<Vec<(char, bool)>> {
    let powers = || columns.iter().flatten().copied();
    let low = i128::from(powers().min().unwrap_or(0).min(0));
    let high = i128::from(powers().max().unwrap_or(0).max(0));
    let span = (high - low).max(1);
    let eighths = |rows: usize| i128::try_from(rows * BLOCKS.len()).unwrap_or(1);
    let below = match rows {
        0 | 1 => 0,
        _ if low == 0 => 0,
        _ if high == 0 => rows,
        _ => usize::try_from((eighths(rows) * -low / span + 4) / 8)
            .unwrap_or(1)
            .clamp(1, rows - 1),
    };
    let above = rows - below;
    let floor = if below == 0 { low } else { 0 };
    // A row is worth `worth` / `share` on both sides of zero.
    let share = |rows: usize| i128::try_from(rows).unwrap_or(1).max(1);
    let (worth, share) = match high * share(below) >= -low * share(above) {
        true => (high, share(above)),
        false => (-low, share(below)),
    };
    let worth = worth.max(1);
    let cell = |row: usize, power: &Option<i64>| {
        let Some(power) = *power else {
            return (' ', false);
        };
        let value = i128::from(power);
        let letter = if row < above && value >= floor {
            let height = match below {
                0 => ((value - floor) * (eighths(rows) - 1) + span / 2) / span + 1,
                _ => ((value * 8 * share + worth / 2) / worth).max(1),
            };
            standing(height - eighths(above - 1 - row))
        } else if row >= above && value < 0 {
            let depth = ((-value * 8 * share + worth / 2) / worth).max(1);
            hanging(depth - eighths(row - above))
        } else {
            ' '
        };
        (letter, power < 0)
    };
    (0..rows)
        .map(|row| columns.iter().map(|power| cell(row, power)).collect())
        .collect()
}

/// A block that fills so many eighths of its cell from below.
fn standing(eighths: i128) -> char {
    match usize::try_from(eighths) {
        Ok(0) | Err(_) => ' ',
        Ok(height) => BLOCKS.get(height - 1).copied().unwrap_or(FULL),
    }
}

/// A block that fills about so many eighths of its cell from above, as far as there are such blocks.
fn hanging(eighths: i128) -> char {
    match eighths {
        ..1 => ' ',
        1..3 => '▔',
        3..7 => '▀',
        7.. => FULL,
    }
}

/// Blocks by the eighths that they fill.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', FULL];
const FULL: char = '█';

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(columns: &[Option<i64>], rows: usize) -> Vec<String> {
        let rows = blocks(columns, rows);
        let text = |row: &Vec<(char, bool)>| row.iter().map(|cell| cell.0).collect();
        rows.iter().map(text).collect()
    }

    #[test]
    fn the_eight_blocks_stand_for_equal_steps_from_zero() {
        let steps: Vec<_> = (0..8).map(|step| Some(step * 100)).collect();
        assert_eq!(drawn(&steps, 1), ["▁▂▃▄▅▆▇█"]);
        assert_eq!(drawn(&[Some(900), Some(1000)], 1), ["▇█"]);
        assert_eq!(drawn(&[Some(-1000), None, Some(1000)], 1), ["▁ █"]);
        assert_eq!(drawn(&[Some(0), Some(500), Some(1000)], 2), [" ▁█", "▁██"]);
        assert_eq!(drawn(&[Some(0), None], 1), ["▁ "]);
    }

    #[test]
    fn power_given_to_the_grid_hangs_from_zero_where_there_are_rows() {
        let columns = [
            Some(-2000),
            Some(-1500),
            Some(-100),
            Some(0),
            None,
            Some(1000),
        ];
        assert_eq!(drawn(&columns, 1), ["▁▂▅▆ █"]);
        assert_eq!(drawn(&columns, 3), ["   ▁ █", "██▔   ", "█▀    "]);
        assert_eq!(drawn(&[Some(-10), Some(-5)], 2), ["██", "█ "]);
        assert_eq!(drawn(&[Some(i64::MIN), Some(i64::MAX)], 2), [" █", "█ "]);
        assert_eq!(drawn(&[None, None], 2), ["  ", "  "]);
        assert_eq!(drawn(&[Some(300), Some(-10)], 4), ["█ ", "█ ", "█ ", " ▔"]);
        assert!(drawn(&[Some(5)], 0).is_empty());
    }
}
