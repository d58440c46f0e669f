//! The text of a telegram: the lines of a profile filled from a household.

use super::form::Form;
use super::identity::Identity;
use super::rows::{Item, Row};
use crate::simulate::load_profile::{Energy, LoadProfile};

/// Appends the header and the data lines, up to the `!`.
pub(super) fn write(
    groups: &[&[Row]],
    house: &LoadProfile,
    identity: &Identity,
    out: &mut Vec<u8>,
) {
    out.push(b'/');
    out.extend_from_slice(&identity.header);
    out.extend_from_slice(b"\r\n\r\n");
    for (code, item) in groups.iter().copied().flatten() {
        out.extend_from_slice(code.as_bytes());
        write_item(item, house, identity, out);
        out.extend_from_slice(b"\r\n");
    }
    out.push(b'!');
}

fn write_item(item: &Item, house: &LoadProfile, identity: &Identity, out: &mut Vec<u8>) {
    let group = |text: &[u8], out: &mut Vec<u8>| {
        out.push(b'(');
        out.extend_from_slice(text);
        out.push(b')');
    };
    let time = |moment: crate::simulate::load_profile::clock::Moment, out: &mut Vec<u8>| {
        out.push(b'(');
        moment.write_tst(out);
        out.push(b')');
    };
    match *item {
        Item::As(groups) => out.extend_from_slice(groups.as_bytes()),
        Item::Clock => time(house.now(), out),
        Item::DeviceName => group(&identity.device_name, out),
        Item::Equipment => group(&identity.equipment, out),
        Item::Device(channel) => {
            let device = channel
                .checked_sub(1)
                .and_then(|index| identity.devices.get(index));
            group(device.map_or(&[], Vec::as_slice), out);
        }
        Item::Number(quantity, form) => form.write(quantity(house), out),
        Item::Incidents(kind) => COUNT.write(house.incidents(kind), out),
        Item::Quadrant(quadrant) => KVARH.write(quadrant_energy(house.energy(), quadrant), out),
        Item::Captured(quantity, form) => {
            time(house.captured().at, out);
            form.write(quantity(house), out);
        }
        Item::OldGas => {
            out.push(b'(');
            house.captured().at.write_date_time(out);
            out.extend_from_slice(b")(00)(60)(1)(0-1:24.2.1)(m3)\r\n");
            Form::new(8, 3, "").write(house.captured().gas, out);
        }
        Item::Failures => out.extend_from_slice(&identity.failures),
        Item::MonthPeak => {
            let (at, most) = house.demand().month;
            time(at, out);
            KW.write(most, out);
        }
        Item::MonthPeaks => {
            let months = &house.demand().months;
            Form::new(if months.len() > 9 { 2 } else { 1 }, 0, "").write(months.len() as i64, out);
            out.extend_from_slice(b"(1-0:1.6.0)(1-0:1.6.0)");
            for &(end, at, most) in months {
                time(end, out);
                time(at, out);
                KW.write(most, out);
            }
        }
        Item::Billed => write_billed(house, out),
    }
}

/// Hungary's monthly profile: eleven active energies, six reactive ones, two powers.
fn write_billed(house: &LoadProfile, out: &mut Vec<u8>) {
    let (at, energy) = house.billed();
    out.push(b'(');
    at.write_tst(out);
    out.push(b')');
    let [import, export] =
        [energy.import, energy.export].map(|tariffs| tariffs.map(|tariff| tariff.units()));
    let active = [
        energy.imported(),
        import[0],
        import[1],
        0,
        0,
        energy.exported(),
        export[0],
        export[1],
        0,
        0,
    ];
    active.iter().for_each(|&energy| KWH.write(energy, out));
    KWH.write(energy.imported() + energy.exported(), out);
    KVARH.write(energy.reactive_imported(), out);
    KVARH.write(energy.reactive_exported(), out);
    (0..4).for_each(|quadrant| KVARH.write(quadrant_energy(energy, quadrant), out));
    KW.write(
        house.demand().months.back().map_or(0, |&(_, _, most)| most),
        out,
    );
    KW.write(0, out);
}

fn quadrant_energy(energy: &Energy, quadrant: usize) -> i64 {
    energy
        .quadrants
        .get(quadrant)
        .map_or(0, |counter| counter.units())
}

const COUNT: Form = Form::new(5, 0, "");
const KW: Form = Form::new(5, 3, "kW");
const KWH: Form = Form::new(9, 3, "kWh");
const KVARH: Form = Form::new(9, 3, "kvarh");
