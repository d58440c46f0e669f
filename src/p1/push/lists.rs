//! From the tree to readings: the six forms of lists told apart by their structure, and the scales that are not sent.

use std::fmt;
use std::ops::Deref;

use super::axdr::{self, ARRAY, Node, OCTETS, STRUCTURE, TreeFault};
use super::profile::Profile;
use super::{Form, UnitFrom};

/// A reading of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its code; `None` where neither the list nor a profile has one.
    pub obis: Option<[u8; 6]>,
    /// Place of its value among the nodes.
    pub node: usize,
    /// Place in the list, from 1.
    pub place: usize,
    /// Power of ten, and the unit by its number.
    pub scale: Option<(i8, u8)>,
    /// Where those come from.
    pub from: UnitFrom,
}

/// A body taken apart; its memory is used again for the next.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The tree.
    pub nodes: Vec<Node>,
    /// The readings, in order.
    pub rows: Vec<Row>,
    /// Places of the elements of the root.
    elements: Vec<usize>,
    codes: Vec<[u8; 6]>,
    plain: Vec<Node>,
    /// Name of the list.
    pub name: Option<Name>,
    /// What the scales follow from that the frame does not have.
    scaling: Option<(&'static Profile, Scaling)>,
    measured: Measured,
}

/// Where values stand that prove scales, as places among the nodes.
#[derive(Clone, Debug, Default)]
struct Measured {
    volts: Vec<usize>,
    amperes: Vec<usize>,
    /// Current and voltage of each phase that has both.
    phases: Vec<(usize, usize)>,
    active: Vec<usize>,
    reactive: Vec<usize>,
}

/// Scales of voltages and currents that follow from the values, and from the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scaling {
    volts: Option<(i8, UnitFrom)>,
    amperes: Option<(i8, UnitFrom)>,
}

impl List {
    /// Takes a body apart; gives its form and the offset behind it.
    ///
    /// # Errors
    /// [`TreeFault`] where the body is no tree.
    pub fn read(&mut self, body: &[u8]) -> Result<(Form, usize), TreeFault> {
        self.rows.clear();
        self.name = None;
        self.scaling = None;
        if let [STRUCTURE, 2, 0x16, _, ARRAY, rest @ ..] = body
            && let Some((count, rest)) = super::apdu::length(rest)
            && count > 0
            // No class is 0, and with any other one no tree ends here: more bytes do not make it another form.
            && matches!(rest, [STRUCTURE, 2, 0, class, ..] if *class > 0)
        {
            let end = self.descriptors(body, body.len() - rest.len(), count)?;
            self.plain.clear();
            self.complete_from(body);
            return Ok((Form::Descriptors, end));
        }
        let end = axdr::read(body, &mut self.nodes)?;
        let form = self.sort(body);
        self.complete_from(body);
        Ok((form, end))
    }

    fn sort(&mut self, body: &[u8]) -> Form {
        self.elements.clear();
        let root_is_open = self.nodes.first().is_some_and(Node::is_open);
        let top = u8::from(root_is_open);
        let elements = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.depth == top);
        self.elements.extend(elements.map(|(at, _)| at));
        self.name = self.elements.iter().find_map(|&at| {
            let node = self.node(at);
            matches!(node.tag, 0x09 | 0x0A).then(|| printable(node.of(body)))?
        });
        if self.objects(body) {
            return Form::ObjectList;
        }
        let (mut rows, mut flat, mut scalers) = (0, 0, 0);
        let mut index = 0;
        while let Some(&at) = self.elements.get(index) {
            let place = index + 1;
            index += 1;
            let node = self.node(at);
            if node.tag == STRUCTURE
                && matches!(node.count, 2 | 3)
                && let Some(obis) = self.code(at + 1, body)
            {
                let scale = self
                    .scale(self.behind(at + 2), body)
                    .filter(|_| node.count == 3);
                self.add(Some(obis), at + 2, place, scale);
                rows += 1;
                continue;
            }
            let value = self.elements.get(index).copied();
            if let (Some(obis), Some(value)) = (self.code(at, body), value)
                && self.node(value).tag != STRUCTURE
            {
                index += 1;
                let scale = self
                    .elements
                    .get(index)
                    .and_then(|&at| self.scale(at, body));
                if scale.is_some() {
                    index += 1;
                    scalers += 1;
                }
                self.add(Some(obis), value, place, scale);
                flat += 1;
                continue;
            }
            // Null data stand for values that a meter of one phase lacks.
            if node.tag != 0 {
                self.add(None, at, place, None);
            }
        }
        match (rows, flat, scalers) {
            (1.., ..) => Form::Rows,
            (_, _, 1..) => Form::FlatScaler,
            (_, 1.., _) => Form::Flat,
            _ => {
                self.bare();
                Form::Bare
            }
        }
    }

    /// Reads a list of objects with the values behind it.
    fn objects(&mut self, body: &[u8]) -> bool {
        let Some(&first) = self.elements.first() else {
            return false;
        };
        let array = self.node(first);
        if array.tag != ARRAY || array.count == 0 || array.depth == 0 {
            return false;
        }
        self.codes.clear();
        let mut at = first + 1;
        let mut itself = false;
        for index in 0..array.count {
            let object = self.node(at);
            let code = self.code(at + 2, body);
            let (STRUCTURE, 4, Some(code)) = (object.tag, object.count, code) else {
                return false;
            };
            let number = |at: usize| self.node(at).integer(body);
            if index == 0 && number(at + 1) == Some(40) && number(at + 3) == Some(2) {
                itself = true;
                let [a, b, c, d, e, _] = code;
                self.name = Some(Name::of(format_args!("{a}-{b}:{c}.{d}.{e}")));
            } else {
                self.codes.push(code);
            }
            at = self.behind(at);
        }
        for index in 1..self.elements.len() {
            let (obis, at) = (
                self.codes.get(index - 1).copied(),
                self.elements.get(index).copied(),
            );
            self.add(obis, at.unwrap_or(0), index + 1, None);
        }
        // The array is a value of its own where it does not list itself.
        itself || self.codes.len() + 1 == self.elements.len()
    }

    /// Gives the values of a list without codes those of its profile.
    fn bare(&mut self) {
        self.rows.clear();
        self.plain.clear();
        let (nodes, elements) = (&self.nodes, &self.elements);
        self.plain
            .extend(elements.iter().filter_map(|&at| nodes.get(at)));
        let profile = Profile::of_bare(self.name.as_deref(), &self.plain);
        for index in 0..self.elements.len() {
            let at = self.elements.get(index).copied().unwrap_or(0);
            let obis = profile.and_then(|profile| profile.codes.get(index).copied());
            if obis.is_some() || self.node(at).tag != 0 {
                self.add(obis, at, index + 1, None);
            }
        }
    }

    /// Reads descriptors without tags, each class, code and attribute, and the values behind them.
    fn descriptors(
        &mut self,
        body: &[u8],
        mut at: usize,
        count: usize,
    ) -> Result<usize, TreeFault> {
        self.nodes.clear();
        if count > ROWS_MAX {
            return Err(TreeFault::Bad);
        }
        for place in 1..=count {
            let entry = body.get(at..at + 11).ok_or(TreeFault::Short)?;
            let [STRUCTURE, 2, _, _, code @ .., _] = entry else {
                return Err(TreeFault::Bad);
            };
            let obis = code.first_chunk::<6>().copied();
            let node = self.nodes.len();
            at = axdr::read_at(body, at + 11, &mut self.nodes)?;
            let scale = self.scale(node, body);
            self.add(obis, node, place, scale);
        }
        Ok(at)
    }

    fn add(&mut self, obis: Option<[u8; 6]>, node: usize, place: usize, scale: Option<(i8, u8)>) {
        let from = match scale {
            Some(_) => UnitFrom::Frame,
            None => UnitFrom::Nothing,
        };
        if self.rows.len() < ROWS_MAX {
            self.rows.push(Row {
                obis,
                node,
                place,
                scale,
                from,
            });
        }
    }

    fn node(&self, at: usize) -> Node {
        self.nodes.get(at).copied().unwrap_or(NOTHING)
    }

    /// Place of the node behind another one and all that is in it.
    fn behind(&self, at: usize) -> usize {
        let depth = self.node(at).depth;
        let rest = self.nodes.iter().enumerate().skip(at + 1);
        rest.clone()
            .find(|(_, node)| node.depth <= depth)
            .map_or(self.nodes.len(), |(at, _)| at)
    }

    fn code(&self, at: usize, body: &[u8]) -> Option<[u8; 6]> {
        let node = self.node(at);
        let code: [u8; 6] = node.of(body).try_into().ok()?;
        let [a, .., f] = code;
        (node.tag == OCTETS && a < 16 && (f == 255 || a < 2)).then_some(code)
    }

    fn scale(&self, at: usize, body: &[u8]) -> Option<(i8, u8)> {
        let (open, scaler, unit) = (self.node(at), self.node(at + 1), self.node(at + 2));
        if (open.tag, open.count, scaler.tag, unit.tag) != (STRUCTURE, 2, 0x0F, 0x16) {
            return None;
        }
        Some((scaler.integer(body)? as i8, *unit.of(body).first()?))
    }

    fn complete_from(&mut self, body: &[u8]) {
        if let Some(profile) = Profile::of_bare(self.name.as_deref(), &self.plain)
            .filter(|_| !self.plain.is_empty())
            .or_else(|| Profile::of_list(self.name.as_deref()))
        {
            self.scales(profile, body);
            // The name that stands first is the version of the list, by the makers' papers.
            if let Some(first) = self.rows.first_mut().filter(|_| profile.is_named())
                && first.obis.is_none()
                && self
                    .nodes
                    .get(first.node)
                    .is_some_and(|node| matches!(node.tag, OCTETS | 0x0A))
            {
                first.obis = Some(LIST_VERSION);
            }
        }
        self.plain.clear();
        let named = self
            .rows
            .iter()
            .find(|row| row.obis.is_some_and(|o| o[2..5] == [0, 2, 129]));
        if let Some(name) = named.and_then(|row| printable(self.node(row.node).of(body))) {
            self.name = Some(name);
        } else if self.rows.iter().any(|row| row.obis.is_some())
            && !self
                .name
                .as_deref()
                .is_some_and(|name| name.contains(['_', ':']))
        {
            // Some other text of the list, such as the number of the meter.
            self.name = None;
        }
    }

    /// Units and scales that the frame does not carry.
    fn scales(&mut self, profile: &'static Profile, body: &[u8]) {
        let lacks = |row: &Row| {
            let value = self.nodes.get(row.node).copied().unwrap_or(NOTHING);
            row.scale.is_none() && row.obis.is_some() && value.integer(body).is_some()
        };
        if !self.rows.iter().any(lacks) {
            return;
        }
        self.measure();
        let scaling = self.scaling(profile, body);
        self.scaling = Some((profile, scaling));
        let Scaling { volts, amperes } = scaling;
        for row in &mut self.rows {
            let (None, Some(obis)) = (row.scale, row.obis) else {
                continue;
            };
            let value = self.nodes.get(row.node).copied().unwrap_or(NOTHING);
            if value.integer(body).is_none() {
                continue;
            }
            let found = match quantity(obis) {
                Some((VOLT, _)) => volts.map(|(scale, from)| (scale, VOLT, from)),
                Some((AMPERE, _)) => amperes.map(|(scale, from)| (scale, AMPERE, from)),
                Some((NONE, _)) => Some((profile.factor, NONE, UnitFrom::Profile)),
                Some((unit, true)) => Some((profile.energy, unit, UnitFrom::Profile)),
                Some((HERTZ, _)) | None => None,
                Some((unit, false)) => Some((0, unit, UnitFrom::Profile)),
            };
            if let Some((scale, unit, from)) = found {
                (row.scale, row.from) = (Some((scale, unit)), from);
            }
        }
    }

    fn scaling(&self, profile: &Profile, body: &[u8]) -> Scaling {
        let volts = self.volts(profile, body);
        Scaling {
            volts,
            amperes: self.amperes(profile, body, volts),
        }
    }

    /// Tells whether the rows have the same scales for another body with the same tree.
    pub(super) fn keeps_scales(&self, body: &[u8]) -> bool {
        self.scaling
            .is_none_or(|(profile, scaling)| self.scaling(profile, body) == scaling)
    }

    /// Finds the values that prove scales.
    fn measure(&mut self) {
        let Measured {
            volts,
            amperes,
            phases,
            active,
            reactive,
        } = &mut self.measured;
        for places in [&mut *volts, amperes, active, reactive] {
            places.clear();
        }
        phases.clear();
        let rows = || {
            self.rows
                .iter()
                .filter_map(|row| Some((row.obis?, row.node)))
        };
        let of =
            |wanted: u8| rows().filter(move |(obis, _)| quantity(*obis) == Some((wanted, false)));
        let number = |node: &usize| {
            let tag = self.nodes.get(*node).map(|node| node.tag);
            tag.is_some_and(is_whole)
        };
        let phase = |obis: [u8; 6]| obis[2] / 20;
        volts.extend(of(VOLT).map(|(_, node)| node).filter(number));
        for (obis, current) in of(AMPERE).filter(|(_, node)| number(node)) {
            amperes.push(current);
            let mut voltages = of(VOLT).filter(|(_, node)| number(node));
            let voltage = voltages.find(|(other, _)| phase(*other) == phase(obis));
            phases.extend(voltage.map(|(_, voltage)| (current, voltage)));
        }
        for (obis, node) in rows().filter(|(obis, _)| obis[0] == 1 && obis[3] == 7) {
            match obis[2] {
                1 | 2 => active.push(node),
                3 | 4 => reactive.push(node),
                _ => {}
            }
        }
    }

    fn whole(&self, at: usize, body: &[u8]) -> Option<i128> {
        self.node(at).integer(body)
    }

    /// Volts lie between 80 and 500, so that one scale fits.
    fn volts(&self, profile: &Profile, body: &[u8]) -> Option<(i8, UnitFrom)> {
        let volts = self.measured.volts.iter();
        let largest = volts.filter_map(|at| self.whole(*at, body)).max()?;
        let fits = |scale: i8| {
            let unit = i128::from(10i64.pow(u32::from(scale.unsigned_abs())));
            (80 * unit..=500 * unit).contains(&largest)
        };
        match profile.volts {
            Some(scale) if fits(scale) || largest == 0 => Some((scale, UnitFrom::Profile)),
            other => match [0, -1, -2].into_iter().find(|scale| fits(*scale)) {
                Some(scale) => Some((scale, UnitFrom::Derived)),
                None => other.map(|scale| (scale, UnitFrom::Profile)),
            },
        }
    }

    /// The sum of U times I is at least the apparent power, and less than a decade above it.
    fn amperes(
        &self,
        profile: &Profile,
        body: &[u8],
        volts: Option<(i8, UnitFrom)>,
    ) -> Option<(i8, UnitFrom)> {
        self.measured.amperes.first()?;
        let power = |places: &[usize]| {
            let values = places.iter().filter_map(|at| self.whole(*at, body));
            values.fold(0i128, i128::saturating_add)
        };
        let square = |value: i128| times(value, value);
        let apparent = square(power(&self.measured.active))
            .saturating_add(square(power(&self.measured.reactive)));
        let mut product = 0i128;
        for (current, voltage) in &self.measured.phases {
            if let (Some(current), Some(voltage)) =
                (self.whole(*current, body), self.whole(*voltage, body))
            {
                product = product.saturating_add(times(voltage, current.saturating_abs()));
            }
        }
        let by_profile = profile.amperes.map(|scale| (scale, UnitFrom::Profile));
        let Some((volts, _)) = volts else {
            return by_profile;
        };
        let fits = |scale: i8| {
            let unit = times(
                square(10i64.pow(u32::from((scale + volts).unsigned_abs())).into()),
                apparent,
            );
            // 0.98 to 3.5, both squared, in parts of ten thousand.
            let sum = times(square(product), 10_000);
            apparent > square(200) && sum >= times(unit, 9604) && sum <= times(unit, 122_500)
        };
        match by_profile {
            Some((scale, _)) if fits(scale) => by_profile,
            _ => {
                let derived = [0, -1, -2, -3].into_iter().find(|scale| fits(*scale));
                derived
                    .map(|scale| (scale, UnitFrom::Derived))
                    .or(by_profile)
            }
        }
    }
}

/// The product, or the nearest number there is; mostly it fits without looking.
fn times(a: i128, b: i128) -> i128 {
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => i128::from(a) * i128::from(b),
        _ => a.saturating_mul(b),
    }
}

/// Tells whether values of a type are whole numbers.
fn is_whole(tag: u8) -> bool {
    matches!(
        tag,
        0x03 | 0x05 | 0x06 | 0x0D | 0x0F..=0x12 | 0x14..=0x16
    )
}

/// The unit of a quantity by its code, and whether it is an energy.
fn quantity(obis: [u8; 6]) -> Option<(u8, bool)> {
    let [1, _, c, d, _, _] = obis else {
        return None;
    };
    let unit = match (c, c % 20) {
        (31 | 51 | 71 | 11 | 91, _) => AMPERE,
        (32 | 52 | 72 | 12 | 92, _) => VOLT,
        (13 | 33 | 53 | 73, _) => NONE,
        (14, _) => HERTZ,
        (81, _) => return (d == 7).then_some((DEGREE, false)),
        (..=70, 1 | 2 | 15 | 16) => WATT,
        (..=68, 3..=8) => VAR,
        (..=70, 9 | 10) => VOLT_AMPERE,
        _ => return None,
    };
    match (unit, d) {
        (WATT..=VAR, 8) => Some((unit + 3, true)),
        (_, 4..=7 | 24) => Some((unit, false)),
        _ => None,
    }
}

/// A text of a list that names it: printable, without blanks.
fn printable(bytes: &[u8]) -> Option<Name> {
    let fits = (3..=NAME_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    let text = std::str::from_utf8(bytes).ok().filter(|_| fits)?;
    Some(Name::of(format_args!("{text}")))
}

/// Name of a list, of at most 32 characters of ASCII.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; NAME_MAX],
    length: usize,
}

impl Name {
    fn of(text: fmt::Arguments<'_>) -> Self {
        let mut name = Self {
            bytes: [0; NAME_MAX],
            length: 0,
        };
        // What is too long ends where the name is full.
        let _ = fmt::Write::write_fmt(&mut name, text);
        name
    }
}

impl fmt::Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes().filter(u8::is_ascii) {
            *self.bytes.get_mut(self.length).ok_or(fmt::Error)? = byte;
            self.length += 1;
        }
        Ok(())
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

const NOTHING: Node = Node {
    tag: 0xFF,
    depth: 0,
    start: 0,
    end: 0,
    count: 0,
};
const DEGREE: u8 = 8;
const WATT: u8 = 27;
const VOLT_AMPERE: u8 = 28;
const VAR: u8 = 29;
const AMPERE: u8 = 33;
const VOLT: u8 = 35;
const HERTZ: u8 = 44;
const NONE: u8 = 255;
/// Code of the version of a list.
const LIST_VERSION: [u8; 6] = [1, 1, 0, 2, 129, 255];
/// Most readings of a list.
const ROWS_MAX: usize = 512;
/// Longest name of a list.
const NAME_MAX: usize = 32;
