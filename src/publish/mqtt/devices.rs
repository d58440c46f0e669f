//! All devices of a run: which topics a meter gets, and whom trouble is about.
//!
//! The first meter of a label has the label, others their id behind it; without a label a meter has its id. Trouble
//! that comes before any telegram makes a device that the first telegram makes its own. A meter that proves its origin
//! takes the label from one that does not, and no meter gets topics that another one has.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use super::device::Device;
use super::settings::{Layout, Settings};
use super::topic;
use crate::observe::context::Context;
use crate::observe::observer::Notice;
use crate::observe::standing::{Lost, Places, Room, Standing};

/// The devices, each with a number of its own, which no later one gets.
#[derive(Debug)]
pub struct Devices {
    all: BTreeMap<u64, Device>,
    sources: HashMap<String, Known>,
    made: u64,
    /// Whether there is one source only, whose first meter needs no level of its own on the SmartyReader's topics.
    single: bool,
    places: Places,
    /// Those that lost their place.
    displaced: Vec<Device>,
}

/// The numbers of the devices of a source.
#[derive(Debug, Default)]
struct Known {
    meters: HashMap<String, u64>,
    /// The one that has the label.
    own: Option<u64>,
    /// The one that waits for the first telegram.
    waits: Option<u64>,
}

/// A meter or a sensor that a source has just heard.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Who it is; empty where nothing says so.
    pub meter: &'a str,
    /// What it is called.
    pub model: &'static str,
    /// How sure that is.
    pub standing: Standing,
}

impl Devices {
    /// None yet; `single` says that there is one source only.
    pub fn new(single: bool, places: Places) -> Self {
        Self {
            all: BTreeMap::new(),
            sources: HashMap::new(),
            made: 0,
            single,
            places,
            displaced: Vec::new(),
        }
    }

    /// All of them.
    pub fn all(&mut self) -> impl Iterator<Item = &mut Device> {
        self.all.values_mut()
    }

    /// The device of a number; none where it has lost its place.
    pub fn at(&mut self, number: u64) -> Option<&mut Device> {
        self.all.get_mut(&number)
    }

    /// Those that have lost their place since this was last asked.
    pub fn take_displaced(&mut self) -> Vec<Device> {
        std::mem::take(&mut self.displaced)
    }

    /// Tells whether one that has lost its place comes by another way too, and has the same topics there.
    pub fn share_topics_of(&self, gone: &Device) -> bool {
        let mut devices = self.all.values();
        devices.any(|device| device.level() == gone.level() && device.meter == gone.meter)
    }

    /// What came of meters without a place.
    pub fn lost(&self) -> Lost {
        self.places.lost()
    }

    /// What is said of them, once.
    pub fn notice(&mut self) -> Option<Notice> {
        self.places.notice("mqtt")
    }

    /// The number of the meter or sensor that a source has just heard; none where it gets no place.
    pub fn find(
        &mut self,
        settings: &Settings,
        context: &Context<'_>,
        heard: Sender<'_>,
    ) -> Option<u64> {
        let source = source_of(context);
        let number = self
            .known(source, heard.meter)
            .or_else(|| self.adopt(context, heard.meter));
        if let Some(number) = number {
            let device = self.all.get_mut(&number)?;
            device.standing = device.standing.max(heard.standing);
            return Some(number);
        }
        let labelled = context.source.label.is_some();
        let owner = self.sources.get(source).and_then(|known| known.own);
        let owner = owner.and_then(|number| self.all.get(&number));
        let own = match owner {
            Some(owner)
                if heard.standing < Standing::Proven || owner.standing == Standing::Proven =>
            {
                false
            }
            Some(owner) => {
                // Who only comes first keeps no label from who it is meant for.
                let number = owner.number;
                self.places.lost().displaced.count();
                self.displace(number);
                true
            }
            None => self.has_own(settings, context),
        };
        let standing = match own && labelled {
            true => heard.standing.max(Standing::Labelled),
            false => heard.standing,
        };
        if self.make_room(standing).is_none() {
            self.places.lost().left_out.count();
            return None;
        }
        let name = match context.source.label {
            Some(label) if own => label.to_owned(),
            Some(label) => format!("{label}-{}", heard.meter),
            None if heard.meter.is_empty() => source.to_owned(),
            None => heard.meter.to_owned(),
        };
        let heard = Sender { standing, ..heard };
        let number = self.make(settings, source, heard, &name, own);
        call(self.all.get_mut(&number)?, context);
        Some(number)
    }

    /// Devices that trouble of a source is about: the meter, where it is known, else all of the source.
    pub fn for_fault(&self, context: &Context<'_>, meter: Option<&str>) -> Vec<u64> {
        let source = source_of(context);
        match meter.and_then(|meter| self.known(source, meter)) {
            Some(number) => vec![number],
            None => {
                let known = self.sources.get(source);
                let mut numbers: Vec<_> = known
                    .into_iter()
                    .flat_map(|known| known.meters.values().copied())
                    .collect();
                numbers.sort_unstable();
                numbers
            }
        }
    }

    /// The same; where no telegram came yet, one that the first of them makes its own.
    pub fn for_fault_or_create(
        &mut self,
        settings: &Settings,
        context: &Context<'_>,
        meter: Option<&str>,
    ) -> Vec<u64> {
        let known = self.for_fault(context, meter);
        if !known.is_empty() {
            return known;
        }
        let labelled = context.source.label.is_some();
        let standing = match labelled {
            true => Standing::Labelled,
            false => Standing::Anyone,
        };
        if self.make_room(standing).is_none() {
            return known;
        }
        let source = source_of(context);
        let name = context.source.label.or(meter).unwrap_or(source);
        let heard = Sender {
            meter: "",
            model: ELECTRICITY,
            standing,
        };
        let own = self.has_own(settings, context);
        let number = self.make(settings, source, heard, name, own);
        if let Some(known) = self.sources.get_mut(source) {
            known.waits = Some(number);
        }
        vec![number]
    }

    fn known(&self, source: &str, meter: &str) -> Option<u64> {
        self.sources.get(source)?.meters.get(meter).copied()
    }

    /// Whether the first meter of a source has topics that others have not.
    fn has_own(&self, settings: &Settings, context: &Context<'_>) -> bool {
        context.source.label.is_some() || self.single && settings.layout == Layout::Smartyreader
    }

    /// The first telegram of a source takes the device that trouble before it has made.
    fn adopt(&mut self, context: &Context<'_>, meter: &str) -> Option<u64> {
        let known = self.sources.get_mut(source_of(context))?;
        let number = known.waits?;
        let device = self.all.get_mut(&number)?;
        if !device.awaits(meter, context.source.label.is_some()) {
            return None;
        }
        known.waits = None;
        known.meters.remove(&device.meter);
        device.adopt(meter);
        call(device, context);
        known.meters.insert(device.meter.clone(), number);
        Some(number)
    }

    /// Makes room for one more; none where there is none for one of its standing.
    fn make_room(&mut self, standing: Standing) -> Option<()> {
        let taken = self.all.values();
        let taken = taken.map(|device| (device.standing, device.heard()));
        match self.places.room(taken, standing, Instant::now()) {
            Room::Free => Some(()),
            Room::At(at) => {
                let number = self.all.keys().nth(at).copied()?;
                self.displace(number);
                Some(())
            }
            Room::None => None,
        }
    }

    fn displace(&mut self, number: u64) {
        let Some(device) = self.all.remove(&number) else {
            return;
        };
        if let Some(known) = self.sources.get_mut(&device.source) {
            known.meters.remove(&device.meter);
            known.own.take_if(|own| *own == number);
            known.waits.take_if(|waits| *waits == number);
        }
        self.displaced.push(device);
    }

    fn make(
        &mut self,
        settings: &Settings,
        source: &str,
        heard: Sender<'_>,
        name: &str,
        own: bool,
    ) -> u64 {
        let plain = self.single && own;
        // The same meter may come by two ways; another one must not speak under its name.
        let taken = |name: &str| {
            let level = topic::level(name);
            let mut devices = self.all.values();
            devices.any(|device| device.level() == level && device.meter != heard.meter)
        };
        let mut unlike = name.to_owned();
        let mut count = 1u64;
        while taken(&unlike) {
            count += 1;
            // In front, where no length cuts it off.
            unlike = format!("{count}-{name}");
        }
        self.made += 1;
        let mut device = Device::new(
            settings,
            source.to_owned(),
            heard.meter.to_owned(),
            &unlike,
            plain,
            heard.model,
        );
        device.number = self.made;
        device.standing = heard.standing;
        self.all.insert(self.made, device);
        let known = self.sources.entry(source.to_owned()).or_default();
        known.meters.insert(heard.meter.to_owned(), self.made);
        if own {
            known.own = Some(self.made);
        }
        self.made
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

/// What an electricity meter is called.
pub const ELECTRICITY: &str = "Electricity meter";
/// What a level sensor is called.
pub const SENSOR: &str = "Level sensor";

#[cfg(test)]
mod tests {
    use super::super::device::Trouble;
    use super::super::tests::settings;
    use super::*;
    use crate::observe::context::Source;
    use crate::observe::standing::PLACES;

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

    fn anyone(meter: &str) -> Sender<'_> {
        Sender {
            meter,
            model: ELECTRICITY,
            standing: Standing::Anyone,
        }
    }

    fn proven(meter: &str) -> Sender<'_> {
        Sender {
            standing: Standing::Proven,
            ..anyone(meter)
        }
    }

    fn devices(places: usize) -> Devices {
        Devices::new(true, Places::new(places))
    }

    /// The topic of a value of a device.
    fn topic(devices: &mut Devices, number: Option<u64>) -> String {
        let device = devices.at(number.unwrap()).unwrap();
        device.value(&settings(), "x", b"").topic.to_string()
    }

    #[test]
    fn the_first_meter_of_a_label_has_it_and_others_their_id_behind_it() {
        let (mut devices, settings) = (devices(PLACES), settings());
        let mut topic = |label, meter| {
            let number = devices.find(&settings, &context(label), anyone(meter));
            topic(&mut devices, number)
        };
        assert_eq!(topic(Some("house"), "A1"), "smarty/house/x");
        assert_eq!(topic(Some("house"), "B2"), "smarty/house-B2/x");
        assert_eq!(topic(Some("house"), "A1"), "smarty/house/x");
        assert_eq!(topic(None, "C/3"), "smarty/C_3/x");
        assert_eq!(topic(None, ""), "smarty/_dev_ttyUSB0/x");
    }

    #[test]
    fn trouble_before_the_first_telegram_does_not_cost_it_its_label() {
        let (mut devices, settings) = (devices(PLACES), settings());
        let house = context(Some("house"));
        assert_eq!(devices.for_fault(&house, None), [0; 0]);
        // A damaged title is not the name of the meter.
        assert_eq!(
            devices.for_fault_or_create(&settings, &house, Some("WRONG")),
            [1]
        );
        assert_eq!(devices.for_fault_or_create(&settings, &house, None), [1]);
        assert_eq!(devices.find(&settings, &house, anyone("A1")), Some(1));
        assert_eq!(devices.at(1).unwrap().meter, "A1");
        assert_eq!(devices.find(&settings, &house, anyone("B2")), Some(2));
        assert_eq!(
            devices.for_fault_or_create(&settings, &house, Some("B2")),
            [2]
        );
        assert_eq!(
            devices.for_fault_or_create(&settings, &house, Some("?")),
            [1, 2]
        );
    }

    #[test]
    fn names_without_end_make_no_devices_without_end_and_shut_no_meter_out() {
        let (mut devices, settings) = (devices(5), settings());
        let plain = context(None);
        let house = context(Some("house"));
        let mut find = |number: usize| {
            let found = devices.find(&settings, &plain, anyone(&format!("M{number}")));
            if let Some(device) = found.and_then(|number| devices.at(number)) {
                device.hear(&settings);
            }
            found
        };
        assert_eq!((0..300).filter(|number| find(*number).is_some()).count(), 5);
        assert_eq!(find(3), Some(4));
        let other = Context {
            source: Source {
                name: "/dev/ttyUSB1",
                ..plain.source
            },
            ..Context::default()
        };
        assert_eq!(devices.for_fault_or_create(&settings, &other, None), [0; 0]);
        // The first of a label and who knows a key get the places of those who have been silent for longest.
        let label = devices.find(&settings, &house, anyone("L1"));
        assert_eq!(topic(&mut devices, label), "smarty/house/x");
        assert!(devices.find(&settings, &plain, proven("P1")).is_some());
        let gone: Vec<_> = devices
            .take_displaced()
            .into_iter()
            .map(|gone| gone.meter)
            .collect();
        assert_eq!(gone, ["M0", "M1"]);
        assert!(devices.at(1).is_none() && devices.at(3).is_some());
        assert!(
            devices.find(&settings, &plain, anyone("M0")).is_none(),
            "it has to wait"
        );
        let lost = devices.lost();
        assert_eq!((lost.left_out.total(), lost.displaced.total()), (296, 2));
        assert!(devices.notice().is_some() && devices.notice().is_none());
    }

    #[test]
    fn who_proves_its_origin_takes_the_label_from_who_only_came_first() {
        let (mut devices, settings) = (devices(PLACES), settings());
        let house = context(Some("house"));
        let fake = devices.find(&settings, &house, anyone("FAKE"));
        assert_eq!(topic(&mut devices, fake), "smarty/house/x");
        let real = devices.find(&settings, &house, proven("REAL"));
        assert_eq!(topic(&mut devices, real), "smarty/house/x");
        assert_eq!(devices.take_displaced().len(), 1);
        let fake = devices.find(&settings, &house, anyone("FAKE"));
        assert_eq!(topic(&mut devices, fake), "smarty/house-FAKE/x");
        let second = devices.find(&settings, &house, proven("SECOND"));
        assert_eq!(topic(&mut devices, second), "smarty/house-SECOND/x");
    }

    #[test]
    fn trouble_that_lasts_is_said_once() {
        let (mut devices, settings) = (devices(PLACES), settings());
        let number = devices.find(&settings, &context(None), anyone("A1"));
        let device = devices.at(number.unwrap()).unwrap();
        let trouble = |message| Trouble {
            verdict: "no_key",
            message,
            hint: None,
        };
        let mut set_fault = |message| device.set_fault(&settings, &trouble(message), 0).is_some();
        assert_eq!(
            ["a", "a", "b", "a"].map(&mut set_fault),
            [true, false, true, true]
        );
        assert!(device.note_good_telegram(&settings).is_some());
        assert!(device.set_fault(&settings, &trouble("a"), 0).is_some());
    }

    #[test]
    fn no_meter_gets_the_topics_of_another_one() {
        let (mut devices, settings) = (devices(PLACES), settings());
        let mut topic = |label, meter| {
            let number = devices.find(&settings, &context(label), anyone(meter));
            topic(&mut devices, number)
        };
        assert_eq!(topic(Some("house"), "A1"), "smarty/house/x");
        assert_eq!(topic(None, "house"), "smarty/2-house/x");
        assert_eq!(topic(None, "C/3"), "smarty/C_3/x");
        assert_eq!(topic(None, "C+3"), "smarty/2-C_3/x");
        assert_eq!(topic(None, "C#3"), "smarty/3-C_3/x");
        // By another way it is the same meter.
        let other = Context {
            source: Source {
                name: "tcp://hub:1",
                ..context(None).source
            },
            ..Context::default()
        };
        let number = devices.find(&settings, &other, anyone("C/3"));
        assert_eq!(self::topic(&mut devices, number), "smarty/C_3/x");
    }
}
