//! All devices of a run: which topics a meter gets, and whom trouble is about.
//!
//! The first meter of a label has the label, others their id behind it; without a label a meter has its id. Trouble
//! that comes before any telegram makes a device that the first telegram makes its own.

use super::device::Device;
use super::settings::Settings;
use crate::sink::context::Context;

/// The devices.
#[derive(Debug)]
pub struct Devices {
    list: Vec<Device>,
    /// Whether there is one source only, whose first meter needs no level of its own on the board's topics.
    single: bool,
}

impl Devices {
    /// None yet; `single` says that there is one source only.
    pub fn new(single: bool) -> Self {
        Self {
            list: Vec::new(),
            single,
        }
    }

    /// All of them.
    pub fn all(&mut self) -> impl Iterator<Item = &mut Device> {
        self.list.iter_mut()
    }

    /// The device at a place.
    pub fn at(&mut self, place: usize) -> Option<&mut Device> {
        self.list.get_mut(place)
    }

    /// The place of the meter or sensor that a source has just heard; none where there are too many already.
    pub fn find(
        &mut self,
        settings: &Settings,
        context: &Context<'_>,
        meter: &str,
        model: &'static str,
    ) -> Option<usize> {
        let source = source_of(context);
        let of = |device: &Device| device.source == source && device.meter == meter;
        if let Some(place) = self.list.iter().position(of) {
            return Some(place);
        }
        let labelled = context.source.label.is_some();
        let waits = |device: &Device| device.source == source && device.awaits(meter, labelled);
        if let Some(place) = self.list.iter().position(waits) {
            if let Some(device) = self.list.get_mut(place) {
                device.adopt(meter);
                call(device, context);
            }
            return Some(place);
        }
        if self.list.len() >= DEVICES_MAX {
            return None;
        }
        let first = !self.list.iter().any(|device| device.source == source);
        let name = match context.source.label {
            Some(label) if first => label.to_owned(),
            Some(label) => format!("{label}-{meter}"),
            None if meter.is_empty() => source.to_owned(),
            None => meter.to_owned(),
        };
        let mut device = self.make(settings, source, meter, &name, model);
        call(&mut device, context);
        self.list.push(device);
        Some(self.list.len() - 1)
    }

    /// Devices that trouble of a source is about: the meter, where it is known, else all of the source.
    pub fn concerned(&self, context: &Context<'_>, meter: Option<&str>) -> Vec<usize> {
        let source = source_of(context);
        let of_source = |(place, device): (usize, &Device)| {
            (device.source == source).then(|| (place, meter == Some(device.meter.as_str())))
        };
        let known: Vec<_> = self.list.iter().enumerate().filter_map(of_source).collect();
        let named = known.iter().any(|(_, own)| *own);
        let concerned = known.iter().filter(|(_, own)| *own || !named);
        concerned.map(|(place, _)| *place).collect()
    }

    /// The same; where no telegram came yet, one that the first of them makes its own.
    pub fn blamed(
        &mut self,
        settings: &Settings,
        context: &Context<'_>,
        meter: Option<&str>,
    ) -> Vec<usize> {
        let known = self.concerned(context, meter);
        if !known.is_empty() || self.list.len() >= DEVICES_MAX {
            return known;
        }
        let source = source_of(context);
        let name = context.source.label.or(meter).unwrap_or(source);
        let device = self.make(settings, source, "", name, ELECTRICITY);
        self.list.push(device);
        vec![self.list.len() - 1]
    }

    fn make(
        &self,
        settings: &Settings,
        source: &str,
        meter: &str,
        name: &str,
        model: &'static str,
    ) -> Device {
        let plain = self.single && self.list.is_empty();
        Device::new(
            settings,
            source.to_owned(),
            meter.to_owned(),
            name,
            plain,
            model,
        )
    }
}

/// Gives a device the name that the key ring has for it.
fn call(device: &mut Device, context: &Context<'_>) {
    if let Some(name) = context.meter_name {
        device.call(name);
    }
}

fn source_of<'a>(context: &Context<'a>) -> &'a str {
    context.source.label.unwrap_or(context.source.name)
}

/// Devices that are kept apart; noise can make up names without end.
const DEVICES_MAX: usize = 256;
/// What an electricity meter is called.
pub const ELECTRICITY: &str = "Electricity meter";
/// What a level sensor is called.
pub const SENSOR: &str = "Level sensor";

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;
    use crate::sink::context::Source;

    fn context(label: Option<&'static str>) -> Context<'static> {
        let source = Source {
            kind: "serial",
            name: "/dev/ttyUSB0",
            label,
        };
        Context {
            source,
            ..Context::default()
        }
    }

    #[test]
    fn the_first_meter_of_a_label_has_it_and_others_their_id_behind_it() {
        let (mut devices, settings) = (Devices::new(true), settings());
        let mut topic = |label, meter| {
            let place = devices.find(&settings, &context(label), meter, ELECTRICITY);
            let device = devices.at(place.unwrap()).unwrap();
            device.value(&settings, "x", b"").topic.to_string()
        };
        assert_eq!(topic(Some("house"), "A1"), "smarty/house/x");
        assert_eq!(topic(Some("house"), "B2"), "smarty/house-B2/x");
        assert_eq!(topic(Some("house"), "A1"), "smarty/house/x");
        assert_eq!(topic(None, "C/3"), "smarty/C_3/x");
        assert_eq!(topic(None, ""), "smarty/_dev_ttyUSB0/x");
    }

    #[test]
    fn trouble_before_the_first_telegram_does_not_cost_it_its_label() {
        let (mut devices, settings) = (Devices::new(true), settings());
        let house = context(Some("house"));
        assert_eq!(devices.concerned(&house, None), [0; 0]);
        // A damaged title is not the name of the meter.
        assert_eq!(devices.blamed(&settings, &house, Some("WRONG")), [0]);
        assert_eq!(devices.blamed(&settings, &house, None), [0]);
        assert_eq!(devices.find(&settings, &house, "A1", ELECTRICITY), Some(0));
        assert_eq!(devices.at(0).unwrap().meter, "A1");
        assert_eq!(devices.find(&settings, &house, "B2", ELECTRICITY), Some(1));
        assert_eq!(devices.blamed(&settings, &house, Some("B2")), [1]);
        assert_eq!(devices.blamed(&settings, &house, Some("?")), [0, 1]);
    }
    #[test]
    fn names_without_end_make_no_devices_without_end() {
        let (mut devices, settings) = (Devices::new(true), settings());
        let mut find = |number: usize| {
            devices.find(
                &settings,
                &context(None),
                &format!("M{number}"),
                ELECTRICITY,
            )
        };
        let found = (0..2 * DEVICES_MAX).filter(|number| find(*number).is_some());
        assert_eq!(found.count(), DEVICES_MAX);
        assert_eq!(find(7), Some(7));
        let other = Context {
            source: Source {
                name: "/dev/ttyUSB1",
                ..context(None).source
            },
            ..Context::default()
        };
        assert_eq!(devices.blamed(&settings, &other, None), [0; 0]);
    }
}
