//! The published frame of a real meter, where `SMARTY_REAL_DIR` says that it is there.

use super::run::words;

const KEY: &str = "D491470F47126332B07D1923B3504188";

#[test]
fn the_real_frame_is_read() {
    let Some(folder) = std::env::var_os("SMARTY_REAL_DIR") else {
        eprintln!("skipped: SMARTY_REAL_DIR is not set");
        return;
    };
    for name in ["smarty-2018.bin", "smarty-2018.xxd"] {
        let path = std::path::Path::new(&folder).join(name);
        let path = path.to_str().unwrap();
        let telegram = words(["parse", path, "--json", "--key", KEY])
            .done()
            .telegram();
        assert_eq!(telegram["meter"]["id"], "SAG1030700114004");
        assert_eq!(telegram["measured_at"], "2018-01-30T10:21:22+01:00");
        assert_eq!(telegram["source"]["name"], path);
        assert_eq!(telegram["telegram"]["header"], "/Lux5\\253663629_D");
        assert_eq!(telegram["telegram"]["crc"]["received"], "CFDE");
        assert_eq!(telegram["telegram"]["crc"]["valid"], true);
        assert_eq!(telegram["security"]["tag"], "valid");
        assert_eq!(telegram["security"]["system_title"], "534147677001BD54");
        assert_eq!(telegram["security"]["frame_counter"], 0x0005_A8E3);
        assert_eq!(telegram["readings"].as_array().unwrap().len(), 28);
        assert_eq!(
            telegram["values"]["active_energy_import_kwh"].to_string(),
            "6.695"
        );
        let energy = &telegram["readings"][3];
        assert_eq!(energy["name"], "active_energy_import", "{energy}");
        assert_eq!(energy["unit"], "kWh");
        let issues = telegram["issues"].as_array().unwrap().iter();
        let issues: Vec<_> = issues
            .map(|i| format!("{} {}", i["code"], i["obis"]))
            .collect();
        let without_unit = ["1-0:3.7.0", "1-0:4.7.0", "0-0:17.0.0"];
        assert_eq!(
            issues,
            without_unit.map(|code| format!("\"missing_unit\" {code:?}"))
        );
        let text = words(["decrypt", path, "--key", KEY]).done().stdout;
        assert_eq!(text.len(), 617);
        assert!(text.starts_with(b"/Lux5\\253663629_D\r\n") && text.ends_with(b"!CFDE\r\n"));
    }
}
