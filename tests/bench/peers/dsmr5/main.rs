//! Reads a file of telegrams in clear with the crate dsmr5: CRC checked, every object parsed, nothing printed.

use dsmr5::Reader;

fn main() {
    let path = std::env::args().nth(1).expect("a file of telegrams");
    let bytes = std::fs::read(path).expect("a file that can be read");
    let (mut telegrams, mut objects, mut unknown) = (0, 0, 0);
    for readout in Reader::new(bytes.into_iter().map(Ok::<u8, ()>)) {
        let readout = readout.expect("a whole telegram");
        let telegram = readout.to_telegram().expect("a CRC that fits");
        telegrams += 1;
        for object in telegram.objects() {
            match object {
                Ok(_) => objects += 1,
                Err(_) => unknown += 1,
            }
        }
    }
    println!("{telegrams} telegrams, {objects} objects, {unknown} not known");
}
