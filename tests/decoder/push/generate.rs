//! Pushes with random values in every form of list, and what must come out of them.

use smarty::p1::line::Rng;
use smarty::p1::push::encode::Data;

/// A body and its readings.
#[derive(Clone, Debug)]
pub struct Body {
    /// What the form is called in outputs.
    pub form: &'static str,
    /// Which meter it is like.
    pub like: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Code, exact value and unit of each number.
    pub expected: Vec<Expected>,
}

/// A reading that must come out.
#[derive(Clone, Debug)]
pub struct Expected {
    pub code: String,
    pub value: String,
    pub unit: &'static str,
}

/// A quantity: code, number as sent, power of ten, number and name of the unit, tag of its type.
#[derive(Clone, Copy, Debug)]
struct Quantity {
    code: [u8; 6],
    raw: i128,
    power: i8,
    unit: (u8, &'static str),
    tag: u8,
}

/// What a meter of three phases measures.
struct House {
    volts: [i128; 3],
    /// In hundredths of an ampere.
    amperes: [i128; 3],
    powers: [i128; 4],
    energies: [i128; 4],
}

const W: (u8, &str) = (27, "W");
const VAR: (u8, &str) = (29, "var");
const WH: (u8, &str) = (30, "Wh");
const VARH: (u8, &str) = (32, "varh");
const A: (u8, &str) = (33, "A");
const V: (u8, &str) = (35, "V");
const U16: u8 = 0x12;
const U32: u8 = 0x06;

/// All forms with all meters that send them.
pub const KINDS: [fn(&mut Rng) -> Body; 18] = [
    aidon,
    kaifa_rows,
    object_list,
    iskra_objects,
    netz_noe,
    kamstrup,
    kamstrup_one_phase,
    kaifa_se,
    descriptors,
    |rng| kaifa_bare(rng, 1),
    |rng| kaifa_bare(rng, 9),
    |rng| kaifa_bare(rng, 13),
    |rng| kaifa_bare(rng, 14),
    |rng| kaifa_bare(rng, 18),
    iskra_bare,
    wien,
    burgenland,
    landis_flat,
];

fn between(rng: &mut Rng, from: i128, to: i128) -> i128 {
    from + rng.below((to - from) as usize) as i128
}

impl House {
    fn new(rng: &mut Rng) -> Self {
        let volts = [0; 3].map(|_| between(rng, 2150, 2450));
        let amperes = [0; 3].map(|_| between(rng, 80, 1600));
        // U times I in tenths of a volt and hundredths of an ampere.
        let product: i128 = volts.iter().zip(amperes).map(|(u, i)| u * i / 1000).sum();
        let active = product * between(rng, 850, 990) / 1000;
        let reactive = product * between(rng, 0, 100) / 1000;
        let imports = rng.below(3) > 0;
        let powers = match imports {
            true => [active, 0, reactive, 0],
            false => [0, active, 0, reactive],
        };
        let energies = [0; 4].map(|_| between(rng, 0, 90_000_000));
        Self {
            volts,
            amperes,
            powers,
            energies,
        }
    }

    fn power(&self, b: u8) -> Vec<Quantity> {
        let units = [W, W, VAR, VAR];
        (0..4)
            .map(|i| {
                quantity(
                    [1, b, i as u8 + 1, 7, 0, 255],
                    self.powers[i],
                    0,
                    units[i],
                    U32,
                )
            })
            .collect()
    }

    fn energy(&self, b: u8, power: i8) -> Vec<Quantity> {
        let units = [WH, WH, VARH, VARH];
        (0..4)
            .map(|i| {
                quantity(
                    [1, b, i as u8 + 1, 8, 0, 255],
                    self.energies[i],
                    power,
                    units[i],
                    U32,
                )
            })
            .collect()
    }

    fn volts(&self, b: u8, power: i8, tag: u8) -> Vec<Quantity> {
        let divisor = if power == 0 { 10 } else { 1 };
        self.phases(&self.volts, 32, b)
            .map(|(code, raw)| quantity(code, raw / divisor, power, V, tag))
            .collect()
    }

    fn amperes(&self, b: u8, power: i8, tag: u8) -> Vec<Quantity> {
        let factor = if power == -3 { 10 } else { 1 };
        let divisor = if power == -1 { 10 } else { 1 };
        self.phases(&self.amperes, 31, b)
            .map(|(code, raw)| quantity(code, raw * factor / divisor, power, A, tag))
            .collect()
    }

    fn phases<'a>(
        &self,
        values: &'a [i128; 3],
        c: u8,
        b: u8,
    ) -> impl Iterator<Item = ([u8; 6], i128)> + 'a {
        (0..3).map(move |i| ([1, b, c + 20 * i as u8, 7, 0, 255], values[i]))
    }
}

fn quantity(code: [u8; 6], raw: i128, power: i8, unit: (u8, &'static str), tag: u8) -> Quantity {
    Quantity {
        code,
        raw,
        power,
        unit,
        tag,
    }
}

impl Quantity {
    fn data(&self) -> Data {
        Data::Number(self.tag, self.raw)
    }

    fn scale(&self) -> Data {
        Data::scale(self.power, self.unit.0)
    }

    fn expected(&self) -> Expected {
        let [a, b, c, d, e, _] = self.code;
        Expected {
            code: format!("{a}-{b}:{c}.{d}.{e}"),
            value: decimal(self.raw, self.power),
            unit: self.unit.1,
        }
    }
}

/// A number times a power of ten.
fn decimal(raw: i128, power: i8) -> String {
    let sign = if raw < 0 { "-" } else { "" };
    let digits = raw.unsigned_abs();
    match power {
        0.. => format!(
            "{sign}{}",
            digits * 10u128.pow(u32::from(power.unsigned_abs()))
        ),
        _ => {
            let places = usize::from(power.unsigned_abs());
            let text = format!("{digits:0>width$}", width = places + 1);
            let (whole, rest) = text.split_at(text.len() - places);
            format!("{sign}{whole}.{rest}")
        }
    }
}

fn text(code: [u8; 6], text: &str) -> Data {
    Data::Structure(vec![Data::code(code), Data::Visible(text.to_owned())])
}

/// The twelve bytes of a date-time in summer, an hour before noon.
pub fn time(rng: &mut Rng) -> [u8; 12] {
    let (day, minute, second) = (1 + rng.below(28), rng.below(60), rng.below(60));
    [
        0x07,
        0xEA,
        7,
        day as u8,
        0xFF,
        11,
        minute as u8,
        second as u8,
        0,
        0xFF,
        0x88,
        0x80,
    ]
}

fn body(form: &'static str, like: &'static str, data: Data, sent: &[Quantity]) -> Body {
    Body {
        form,
        like,
        bytes: data.bytes(),
        expected: sent.iter().map(Quantity::expected).collect(),
    }
}

/// Rows of three: an array, texts among them.
fn aidon(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.power(0);
    sent.extend(house.amperes(0, -1, 0x10));
    sent.extend(house.volts(0, -1, U16));
    if rng.below(2) == 0 {
        let power = -(rng.below(3) as i8);
        sent.extend(house.energy(0, power));
    }
    let mut rows = vec![
        text([1, 1, 0, 2, 129, 255], "AIDON_V0001"),
        text(
            [0, 0, 96, 1, 0, 255],
            &format!("{:016}", rng.below(999_999_999)),
        ),
        text([0, 0, 96, 1, 7, 255], "6525"),
    ];
    rows.extend(
        sent.iter()
            .map(|q| Data::Structure(vec![Data::code(q.code), q.data(), q.scale()])),
    );
    body("rows", "Aidon", Data::Array(rows), &sent)
}

/// Rows in a structure, behind two loose strings: the clock.
fn kaifa_rows(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.energy(0, 0);
    sent.extend(house.power(0));
    sent.extend(house.volts(0, -1, U16));
    sent.extend(house.amperes(0, -2, U16));
    let mut rows = vec![
        Data::code([0, 0, 1, 0, 0, 255]),
        Data::Octets(time(rng).to_vec()),
    ];
    rows.extend(
        sent.iter()
            .map(|q| Data::Structure(vec![Data::code(q.code), q.data(), q.scale()])),
    );
    body("rows", "Kaifa AT", Data::Structure(rows), &sent)
}

fn object(class: u8, code: [u8; 6], attribute: u8) -> Data {
    Data::Structure(vec![
        Data::Number(U16, class.into()),
        Data::code(code),
        Data::Number(0x0F, attribute.into()),
        Data::Number(U16, 0),
    ])
}

/// The list of objects first, itself among them; then values in its order.
fn object_list(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.power(0);
    sent.extend(house.energy(1, 0));
    if rng.below(2) == 0 {
        sent.extend(house.volts(0, 0, U16));
        sent.extend(house.amperes(0, -2, U16));
    }
    for index in (1..sent.len()).rev() {
        sent.swap(index, rng.below(index + 1));
    }
    let setup = [0, 8, 25, 9, 0, 255];
    let mut objects = vec![object(40, setup, 2), object(40, setup, 1)];
    objects.extend(sent.iter().map(|q| object(3, q.code, 2)));
    let mut all = vec![Data::Array(objects), Data::code(setup)];
    all.extend(sent.iter().map(Quantity::data));
    body("object list", "L+G", Data::Structure(all), &sent)
}

/// As many objects as the new meters of Switzerland have.
fn iskra_objects(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.energy(1, 0);
    sent.extend(house.power(0));
    sent.extend(house.volts(0, -1, U16));
    sent.extend(house.amperes(0, -2, U16));
    let setup = [0, 6, 25, 9, 0, 255];
    let mut objects = vec![object(40, setup, 2), object(1, [0, 0, 42, 0, 0, 255], 2)];
    objects.extend(sent.iter().map(|q| object(3, q.code, 2)));
    let mut all = vec![
        Data::Array(objects),
        Data::Octets(b"ISK1030775213859".to_vec()),
    ];
    all.extend(sent.iter().map(Quantity::data));
    body("object list", "Iskra CH", Data::Structure(all), &sent)
}

/// Code, value, scale in one structure.
fn netz_noe(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.energy(0, 0)[..2].to_vec();
    sent.extend(&house.power(0)[..2]);
    sent.extend(house.volts(0, -1, U16));
    sent.extend(house.amperes(0, -2, U16));
    let factor = quantity(
        [1, 0, 13, 7, 0, 255],
        between(rng, 0, 1000),
        -3,
        (255, ""),
        0x10,
    );
    sent.push(factor);
    let mut all = vec![
        Data::code([0, 0, 1, 0, 0, 255]),
        Data::Octets(time(rng).to_vec()),
    ];
    for q in &sent {
        all.extend([Data::code(q.code), q.data(), q.scale()]);
    }
    all.extend([
        Data::code([0, 0, 96, 1, 0, 255]),
        Data::Octets(b"181220000009".to_vec()),
    ]);
    body("flat+scaler", "Netz NÖ", Data::Structure(all), &sent)
}

/// Code and value, scales of the maker.
fn kamstrup(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.power(1);
    sent.extend(house.amperes(1, -2, U32));
    sent.extend(house.volts(1, 0, U16));
    let hourly = rng.below(2) == 0;
    if hourly {
        sent.extend(house.energy(1, 1));
    }
    let mut all = vec![Data::Visible("Kamstrup_V0001".to_owned())];
    all.extend([
        Data::code([1, 1, 0, 0, 5, 255]),
        Data::Visible("5706567000000000".to_owned()),
    ]);
    all.extend([
        Data::code([1, 1, 96, 1, 1, 255]),
        Data::Visible("000000000000000000".to_owned()),
    ]);
    for q in &sent {
        all.extend([Data::code(q.code), q.data()]);
    }
    if hourly {
        all.extend([
            Data::code([0, 1, 1, 0, 0, 255]),
            Data::Octets(time(rng).to_vec()),
        ]);
    }
    body("flat", "Kamstrup", Data::Structure(all), &sent)
}

/// Null data in place of the values of the phases that are not there.
fn kamstrup_one_phase(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.power(1);
    let product = house.volts[0] / 10 * house.amperes[0] / 100;
    for (q, part) in sent.iter_mut().zip([95, 0, 5, 0]) {
        q.raw = product * part / 100;
    }
    sent.push(house.amperes(1, -2, U32)[0]);
    sent.push(house.volts(1, 0, U16)[0]);
    let mut all = vec![Data::Visible("Kamstrup_V0001".to_owned())];
    for q in &sent {
        all.extend([Data::code(q.code), q.data()]);
        if q.code[2] == 31 || q.code[2] == 32 {
            all.extend([Data::Null, Data::Null, Data::Null, Data::Null]);
        }
    }
    body("flat", "Kamstrup of one phase", Data::Structure(all), &sent)
}

fn kaifa_se(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.power(0);
    sent.extend(house.amperes(0, -3, U32));
    sent.extend(house.volts(0, -1, U32));
    sent.extend(house.energy(0, 0));
    let mut all = vec![Data::Octets(b"KFM_001".to_vec())];
    all.extend([
        Data::code([0, 0, 96, 1, 0, 255]),
        Data::Octets(b"6970631400000000".to_vec()),
    ]);
    for q in &sent {
        all.extend([Data::code(q.code), q.data()]);
    }
    body("flat", "Kaifa SE", Data::Structure(all), &sent)
}

/// A clock, and rows without scales.
fn landis_flat(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.power(0);
    sent.extend(house.energy(0, 0));
    sent.extend(house.volts(0, 0, U16));
    sent.extend(house.amperes(0, -2, U16));
    let mut all = vec![
        Data::code([0, 0, 1, 0, 0, 255]),
        Data::Octets(time(rng).to_vec()),
    ];
    for q in &sent {
        all.extend([Data::code(q.code), q.data()]);
    }
    body("flat", "L+G flat", Data::Structure(all), &sent)
}

/// Class, code and attribute without tags before each value.
fn descriptors(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.power(0);
    sent.extend(house.energy(0, 0));
    let mut bytes = vec![2, 2, 0x16, rng.below(4) as u8, 1, sent.len() as u8];
    for q in &sent {
        bytes.extend([2, 2, 0, 3]);
        bytes.extend(q.code);
        bytes.push(2);
        q.data().write(&mut bytes);
    }
    Body {
        form: "descriptors",
        like: "Sagemcom CZ",
        bytes,
        expected: sent.iter().map(Quantity::expected).collect(),
    }
}

fn kaifa_bare(rng: &mut Rng, elements: usize) -> Body {
    let house = House::new(rng);
    let mut sent = house.power(0);
    if elements == 1 {
        sent.truncate(1);
        let all = sent.iter().map(Quantity::data).collect();
        return body("bare", "Kaifa NO list 1", Data::Structure(all), &sent);
    }
    let phases = if elements == 13 || elements == 18 {
        3
    } else {
        1
    };
    if phases == 1 {
        let product = house.volts[0] * house.amperes[0] / 1000;
        for (q, part) in sent.iter_mut().zip([95, 0, 5, 0]) {
            q.raw = product * part / 100;
        }
    }
    sent.extend(&house.amperes(0, -3, U32)[..phases]);
    sent.extend(&house.volts(0, -1, U32)[..phases]);
    let mut all = [&b"KFM_001"[..], b"6970631400000000", b"MA304H3E"]
        .map(|text| Data::Octets(text.to_vec()))
        .to_vec();
    all.extend(sent.iter().map(Quantity::data));
    if elements == 14 || elements == 18 {
        all.push(Data::Octets(time(rng).to_vec()));
        let energy = house.energy(0, 0);
        all.extend(energy.iter().map(Quantity::data));
        sent.extend(energy);
    }
    assert_eq!(all.len(), elements);
    body("bare", "Kaifa NO", Data::Structure(all), &sent)
}

fn iskra_bare(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.power(0);
    sent.extend(house.volts(0, -1, U16));
    sent.extend(house.amperes(0, -2, U16));
    for (c, sign) in [(21, 0), (22, 1)] {
        for phase in 0..3 {
            let value = if sign == 0 {
                house.volts[phase] * house.amperes[phase] / 1000
            } else {
                0
            };
            sent.push(quantity(
                [1, 0, c + 20 * phase as u8, 7, 0, 255],
                value,
                0,
                W,
                U32,
            ));
        }
    }
    let mut all = vec![
        Data::Octets(b"ISK1030775213859".to_vec()),
        Data::Octets(format!("{:08}", rng.below(99_999_999)).into_bytes()),
    ];
    all.extend(sent.iter().map(Quantity::data));
    assert_eq!(all.len(), 18);
    body("bare", "Iskra SI", Data::Structure(all), &sent)
}

fn wien(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.energy(0, 0);
    sent.extend(house.power(0));
    let mut all = vec![Data::Octets(time(rng).to_vec())];
    all.extend(sent.iter().map(Quantity::data));
    body("bare", "Wien", Data::Structure(all), &sent)
}

fn burgenland(rng: &mut Rng) -> Body {
    let house = House::new(rng);
    let mut sent = house.volts(0, 0, U16);
    sent.extend(house.amperes(0, -2, U16));
    sent.extend(&house.power(0)[..2]);
    sent.extend(&house.energy(0, 0)[..2]);
    let mut all: Vec<Data> = sent.iter().map(Quantity::data).collect();
    all.extend([0, 120, 240].map(|angle| Data::Number(U16, angle)));
    all.push(Data::Octets(b"1LGZ0072999211".to_vec()));
    assert_eq!(all.len(), 14);
    body("bare", "L+G Burgenland", Data::Structure(all), &sent)
}
